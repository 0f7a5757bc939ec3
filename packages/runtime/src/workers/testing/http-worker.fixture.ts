import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ServingError } from "../../errors.ts";
import { createMetrics } from "../../telemetry/metrics.ts";
import type { ServerState } from "../../telemetry/readiness.ts";
import { createHttpSink } from "../http-sink.ts";
import { connectWorker } from "../worker-link.ts";

/** What a test asks of this worker: how its start goes. */
export interface FixturePayload {
  /** Fail at start, in every worker or from the n-th process on. */
  readonly fail?: {
    readonly message: string;
    readonly kind: "serving-error" | "error" | "exit" | "hang";
    readonly worker?: number;
  };
  /** Digest of the model that each worker finds. */
  readonly digests?: readonly string[];
}

const metrics = createMetrics({ processMetrics: false });
let state: ServerState | undefined;
let id = -1;
let isBusy = false;
let logLevel = "";
let hung: string | undefined;
let otherCpus = 0;

const server = createServer((request, response) => {
  const call = metrics.call("fixture", "http");
  call.started();
  response.once("close", () => call.finished({ status: response.statusCode, seconds: 0.001, bytesIn: 0, bytesOut: 0 }));
  if (state?.phase === "draining") response.setHeader("connection", "close");
  const [path = "/"] = (request.url ?? "/").split("?");
  (ROUTES[path] ?? ROUTES["/"])?.(response, request);
});
const sink = createHttpSink(server);

const ROUTES: Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => void>> = {
  "/": (response) => response.end(JSON.stringify({ worker: id, pid: process.pid, phase: state?.phase })),
  /** Blocks the event loop until killed, once its first bytes are on their way. */
  "/block": (response) => {
    response.writeHead(200).write("begun ");
    setImmediate(() => {
      isBusy = true;
      while (isBusy);
    });
  },
  /** Blocks the event loop for a second. */
  "/compute": (response) => {
    const endMs = performance.now() + 1000;
    while (performance.now() < endMs);
    response.end("computed");
  },
  /** Blocks the event loop until the file of the query is there, for a minute at most. */
  "/compute-until": (response, request) => {
    const file = decodeURIComponent(request.url?.split("?")[1] ?? "");
    const endMs = performance.now() + 60_000;
    while (!existsSync(file) && performance.now() < endMs);
    response.end("computed");
  },
  /** Answers when the server drains. */
  "/until-drain": (response) => {
    response.writeHead(200).write("begun ");
    drainers.add(() => response.end("ended"));
  },
  "/never": (response) => {
    response.writeHead(200).write("begun ");
  },
  "/crash": () => process.exit(9),
  /** The numbers of the whole server, as this worker is told them. */
  "/totals": (response) => {
    void link.totals(["bento_requests_total"]).then((snapshot) => response.end(JSON.stringify({ snapshot })));
  },
  "/log-level": (response) => response.end(logLevel),
  "/hang": (response) => {
    hung = "a run hangs";
    link.setHung(hung);
    response.end("told");
  },
  "/not-ready": (response) => {
    link.setReady(false, "warming a cache");
    response.end("told");
  },
  "/ready-again": (response) => {
    link.setReady(true);
    response.end("told");
  },
  "/other-cpus": (response) => response.end(JSON.stringify({ pid: process.pid, otherCpus })),
  "/half-open": (response, request) => response.end(String(request.socket.allowHalfOpen)),
  "/notices": (response) => response.end(JSON.stringify(notices)),
  "/junk": (response) => {
    process.send?.({ type: "ready", models: "junk" });
    process.send?.("junk");
    response.end("sent");
  },
  "/fds": (response) => {
    void import("node:fs").then(({ readdirSync }) => response.end(String(readdirSync("/proc/self/fd").length)));
  },
};
const notices: Record<string, unknown> = {};
const drainers = new Set<() => void>();

const link = connectWorker({
  async start(payload, worker) {
    id = worker.id;
    const { fail, digests } = payload as FixturePayload;
    if (fail !== undefined && (fail.worker === undefined || fail.worker === id)) {
      if (fail.kind === "exit") process.exit(3);
      if (fail.kind === "hang") await new Promise(() => undefined);
      throw fail.kind === "error" ? new TypeError(fail.message) : new ServingError("INVALID_ARGUMENT", fail.message);
    }
    return [
      {
        source: "model.onnx",
        place: "inline",
        p95Ms: 1.5,
        note: undefined,
        digest: digests?.[id],
        replacement: undefined,
        warning: undefined,
      },
    ];
  },
  connection: (socket) => sink.accept(socket),
  stateChanged(next) {
    state = next;
  },
  async drain() {
    for (const end of drainers) end();
    await sink.drain();
    return hung;
  },
  uncaught: () => undefined,
  metrics,
  reopenFiles: () => undefined,
  setLogLevel(level) {
    logLevel = level;
  },
  otherCpus(cpus) {
    otherCpus = cpus;
  },
  notice(topic, value) {
    notices[topic] = value;
  },
});
