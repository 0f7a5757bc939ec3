import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** The repository's root folder, with a slash at its end. */
export const root = new URL("../../", import.meta.url).pathname;

/** A server in a process of its own. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
  /** Host and port of gRPC. */
  readonly grpcAddress: string;
  readonly adminUrl: string;
  /** Everything that it has written so far. */
  output(): string;
  /** Sends SIGTERM (SIGKILL after 30 s) and gives the exit code. */
  stop(): Promise<number | null>;
}

/** Runs `bento-ts serve TARGET` on free loopback ports and waits until it says that it is ready. Rejects with its output when it ends before. */
export async function serve(
  target: string,
  options: { readonly flags?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<ServerProcess> {
  const args = [
    `${root}packages/cli/dist/bin.js`,
    "serve",
    target,
    "--port",
    "0",
    "--admin-port",
    "0",
    ...(options.flags ?? []),
  ];
  return startProcess(args, /ready on (https?:\/\/[^\s"]+) .*metrics (http:\/\/[^\s"]+)\/metrics/, options.env ?? {});
}

/** Starts Node with some arguments and waits for a line that tells its URLs. */
export async function startProcess(
  args: readonly string[],
  announcement: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    // Nothing stands before these servers that has to see them unready: a delay would only make each test last longer.
    env: {
      ...process.env,
      NODE_ENV: "production",
      BENTO_TELEMETRY_LOG_FORMAT: "json",
      BENTO_SERVER_DRAIN_DELAY: "0s",
      ...env,
    },
  });
  let output = "";
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = announcement.exec(output);
      if (found !== null) resolve(found);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready:\n${output}`)));
  });
  const url = match[1] ?? "";
  return {
    child,
    pid: child.pid ?? 0,
    url,
    grpcAddress: /\(gRPC ([^\s,]+)/.exec(output)?.[1] ?? "",
    adminUrl: match[2] ?? url,
    output: () => output,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
      await exited;
      clearTimeout(timer);
      return child.exitCode;
    },
  };
}

/** Asks again and again until `probe` gives a value; rejects after `withinMs`. */
export async function eventually<T>(probe: () => Promise<T | undefined>, withinMs = 20_000): Promise<T> {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    const value = await probe().catch(() => undefined);
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within ${withinMs} ms`);
}
