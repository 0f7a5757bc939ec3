import { createLogger } from "../../telemetry/logger.ts";
import { createSupervisor } from "../supervisor.ts";
import { FIXTURE_PROGRAM } from "./fixture-program.ts";

// A supervisor in a process of its own, for tests that end it; it tells its port and workers on standard output.
const supervisor = createSupervisor({
  program: FIXTURE_PROGRAM,
  workers: 2,
  payload: {},
  listen: [{ name: "http", host: "127.0.0.1", port: 0 }],
  maxConnections: 100,
  maxConnectionsPerIp: 1000,
  trustedProxies: [],
  drainDelayMs: 0,
  drainTimeoutMs: 10_000,
  memoryBytes: null,
  logger: createLogger({ level: "silent", format: "json" }),
});
process.once("SIGTERM", () => {
  void supervisor.drain().then((code) => {
    process.exitCode = code;
  });
});
const { addresses } = await supervisor.start();
const pids = supervisor.state().workers.map(({ pid }) => pid);
process.stdout.write(`${JSON.stringify({ port: addresses.http?.port, pids })}\n`);
