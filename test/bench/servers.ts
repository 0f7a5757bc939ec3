import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const root = new URL("../../", import.meta.url).pathname;

/** A server under measurement. */
export interface BenchServer {
  readonly pid: number;
  readonly port: number;
  /** Port of metrics and probes; the same as `port` for a bare server. */
  readonly adminPort: number;
  /** Time from its start to its announcement. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Starts the bare handler: fastify and onnxruntime-node. */
export function startBare(
  model: string,
  options: { readonly workers?: number; readonly body?: "nested" | "frame" } = {},
): Promise<BenchServer> {
  const args = [
    `${root}test/bench/bare-server.ts`,
    `${root}${model}`,
    String(options.workers ?? 0),
    options.body ?? "nested",
  ];
  return start(args, /listening (\d+)/);
}

/** Starts our server by the command a user would type, access log off, on free ports. */
export function startOurs(
  target: string,
  options: { readonly workers: number; readonly flags?: readonly string[] },
): Promise<BenchServer> {
  const flags = ["--port", "0", "--admin-port", "0", "--workers", String(options.workers), ...(options.flags ?? [])];
  return start(
    [`${root}packages/cli/dist/bin.js`, "serve", `${root}${target}`, ...flags],
    /ready on http:\/\/127\.0\.0\.1:(\d+).*metrics http:\/\/127\.0\.0\.1:(\d+)/,
  );
}

async function start(args: readonly string[], announcement: RegExp): Promise<BenchServer> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", BENTO_TELEMETRY_LOG_FORMAT: "json" },
  });
  const match = await announced(child, announcement);
  const port = Number(match[1]);
  return {
    pid: child.pid ?? 0,
    port,
    adminPort: Number(match[2] ?? port),
    startMs: performance.now() - startedMs,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

function announced(child: ChildProcess, announcement: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = announcement.exec(output);
      if (match !== null) resolve(match);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`a server ended with ${code} before it was ready:\n${output}`)));
  });
}
