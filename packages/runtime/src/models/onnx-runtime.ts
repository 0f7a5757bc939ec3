import type { Binding } from "onnxruntime-node/dist/binding.js";
import { ServingError } from "../errors.ts";

/** A session of the native addon: it computes before its `run` returns. */
export type NativeSession = Binding.InferenceSession;
/** What it says of one input or output; `type` is a number of `TensorProto.DataType`. */
export type NativeValue = Binding.ValueMetadata;

/**
 * Loads ONNX Runtime's native addon, nothing before this call does, and gives what makes a session.
 *
 * The package's own session waits for a turn of the event loop with each run, so that a caller can't decide how many share one, and
 * looks at names that were looked at before; together they cost half as much as a small run itself (measured: 19 µs against 12 µs).
 * Throws FAILED_PRECONDITION, with what to do, where the package or its native file is missing.
 */
export async function loadOnnxRuntime(importModule = () => import("onnxruntime-node")): Promise<() => NativeSession> {
  turnTelemetryOff();
  try {
    const { env } = await importModule();
    // Messages of its environment (devices it looked for) would stand as plain text among JSON logs.
    env.logLevel = "error";
    const { binding, initOrt } = await import("onnxruntime-node/dist/binding.js");
    initOrt();
    return () => new binding.InferenceSession();
  } catch (cause) {
    throw new ServingError("FAILED_PRECONDITION", reasonOf(cause), { cause });
  }
}

/**
 * Keeps the engine from reporting to its vendor; before it loads, and on the main thread: what a thread sets does not reach native code.
 *
 * Since 1.29 the official Linux and macOS builds report models and machine (measured: DNS look-ups of the collector within 25 s).
 */
export function turnTelemetryOff(): void {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const here = `${process.platform}-${process.arch}`;
  const missing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  const nativeFile = cause instanceof Error && cause.message.includes("onnxruntime_binding.node");
  if (missing && !nativeFile) {
    return "ONNX models need the package onnxruntime-node, which is not installed: run `npm install onnxruntime-node@1.30.0`";
  }
  if (missing) {
    return `onnxruntime-node holds no native file for ${here}: it exists for linux, darwin and win32 on x64 and arm64; if this is one of them, reinstall the package`;
  }
  return `the native file of onnxruntime-node can't be loaded on ${here}: it needs glibc ≥ 2.28 (Debian 10, Ubuntu 20.04, RHEL 8 or newer) and does not run on musl (Alpine)`;
}
