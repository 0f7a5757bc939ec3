import type { WorkerProgram } from "../worker-process.ts";

/** How a fixture worker is started. */
export const FIXTURE_PROGRAM: WorkerProgram = {
  file: new URL("./http-worker.fixture.ts", import.meta.url),
  args: [],
  execArgv: [],
  env: process.env,
};
