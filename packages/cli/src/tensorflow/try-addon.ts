import { LIBTENSORFLOW_VERSION } from "@bento-ts/runtime/tensorflow";
import { failed } from "../command-error.ts";
import { runTool } from "./run-tool.ts";

// Node ≥ 23 lacks two functions of node:util that tfjs-node calls.
const SCRIPT = `
  const util = require("node:util");
  util.isNullOrUndefined ??= (value) => value == null;
  util.isArray ??= Array.isArray;
  const tf = require(process.argv[1]);
  const product = tf.matMul([[1, 2], [3, 4]], [[5], [6]]).dataSync();
  const koffi = require(require.resolve("koffi", { paths: [process.argv[1]] }));
  const version = koffi.load(process.argv[1] + "/deps/lib/libtensorflow_cc.so.2").func("TF_Version", "str", [])();
  process.stdout.write(JSON.stringify([tf.getBackend(), ...product, version]));
`;

/**
 * Loads a prepared addon in a process of its own, multiplies two matrices with it and asks the same library for its version by koffi.
 *
 * Throws CommandError when that does not give what it must.
 */
export async function tryAddon(addonDir: string, signal: AbortSignal): Promise<void> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2", NODE_OPTIONS: "" };
  const told = await runTool(process.execPath, ["-e", SCRIPT, addonDir], { env, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw failed(
      `the addon was built and can't be loaded here (${reason}): it needs glibc ≥ 2.17 and libstdc++, and does not run on musl (Alpine)`,
      cause,
    );
  });
  // [1 2; 3 4] · [5; 6] = [17; 39]
  const expected = JSON.stringify(["tensorflow", 17, 39, LIBTENSORFLOW_VERSION]);
  if (told !== expected)
    throw failed(`the addon was built and does not compute right: expected ${expected}, got ${told}`);
}
