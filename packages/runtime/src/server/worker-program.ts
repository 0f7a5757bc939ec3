import { getCompileCacheDir } from "node:module";
import type { WorkerProgram } from "../workers/worker-process.ts";

/** How a worker of a server is started; it keeps compiled code where this process does. */
export function workerProgram(): WorkerProgram {
  const compileCache = getCompileCacheDir();
  return {
    file: new URL(
      import.meta.url.endsWith(".ts") ? "../server/worker-main.ts" : "../server/worker-main.js",
      import.meta.url,
    ),
    args: [],
    execArgv: [],
    // Nothing in a service calls home, its inference threads included: ONNX Runtime reads this before it loads.
    env: {
      ...process.env,
      ORT_DISABLE_TELEMETRY: "1",
      ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
    },
  };
}
