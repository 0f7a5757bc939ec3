import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { createLogger, type Logger } from "../../telemetry/logger.ts";
import type { ServerState } from "../../telemetry/readiness.ts";
import { createSupervisor, type Supervisor } from "../supervisor.ts";
import type { SupervisorOptions, SupervisorTiming } from "../supervisor-options.ts";
import { FIXTURE_PROGRAM } from "./fixture-program.ts";
import type { FixturePayload } from "./http-worker.fixture.ts";

/** Bound of a wait for something that other processes do; no more than a bound, since a busy machine takes its time. */
export const PATIENT = { timeout: 20_000 };

/** Bound of a test that starts processes. */
export const SLOW = { timeout: 120_000 };

/** A supervisor over fixture workers, what it logged, and its port once started. */
export interface Harness extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly log: readonly string[];
  start(): Promise<number>;
}

/** Creates a supervisor over real processes that is ended with the scope it stands in. */
export function createHarness(
  options: Partial<Omit<SupervisorOptions, "payload" | "timing">> & {
    readonly payload?: FixturePayload;
    readonly timing?: Partial<SupervisorTiming>;
  } = {},
): Harness {
  const log: string[] = [];
  const supervisor = createSupervisor({
    program: FIXTURE_PROGRAM,
    workers: 2,
    payload: {},
    listen: [{ name: "http", host: "127.0.0.1", port: 0 }],
    maxConnections: 1000,
    maxConnectionsPerIp: 1000,
    trustedProxies: [],
    drainDelayMs: 0,
    drainTimeoutMs: 10_000,
    memoryBytes: null,
    logger: createTestLogger(log),
    ...options,
  });
  return {
    supervisor,
    log,
    async start() {
      const { addresses } = await supervisor.start();
      return addresses.http?.port ?? 0;
    },
    async [Symbol.asyncDispose]() {
      supervisor.kill();
      await supervisor.drain();
    },
  };
}

function createTestLogger(log: string[]): Logger {
  return createLogger({ level: "debug", format: "json", destination: { write: (line) => log.push(line) } });
}

/** Resolves with the first state that fits, the present one included. */
export function untilState(supervisor: Supervisor, fits: (state: ServerState) => boolean): Promise<ServerState> {
  const { promise, resolve } = Promise.withResolvers<ServerState>();
  const end = supervisor.onChange((state) => {
    if (fits(state)) resolve(state);
  });
  if (fits(supervisor.state())) resolve(supervisor.state());
  return promise.finally(end);
}

/** What one call came to: its body, or how its connection ended. */
export type Outcome =
  { readonly status: number; readonly body: string; readonly connection: string } | { readonly error: string };

/** Calls on a connection of its own; `begun` resolves with the first bytes of the body, or the end when none come. */
export function begin(
  port: number,
  path: string,
): { readonly begun: Promise<void>; readonly outcome: Promise<Outcome> } {
  const begun = Promise.withResolvers<void>();
  const outcome = new Promise<Outcome>((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve({ error: error.code ?? error.message });
    const sent = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        begun.resolve();
      });
      response.on("error", fail);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection ?? "" });
      });
    });
    sent.on("error", fail);
    sent.end();
  });
  void outcome.then(() => begun.resolve());
  return { begun: begun.promise, outcome };
}

/** Calls on a connection of its own, and never throws. */
export function call(port: number, path: string): Promise<Outcome> {
  return begin(port, path).outcome;
}

/** Calls and reads the JSON that came. */
export async function callJson(port: number, path: string): Promise<Record<string, unknown>> {
  const outcome = await call(port, path);
  if ("error" in outcome) throw new Error(`call failed: ${outcome.error}`);
  return JSON.parse(outcome.body);
}

/** An open connection on which nothing was sent. */
export function openConnection(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Resolves with how the other side ended a connection: "end" or an error code. */
export function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once("end", () => {
      socket.destroy();
      resolve("end");
    });
    socket.resume();
  });
}
