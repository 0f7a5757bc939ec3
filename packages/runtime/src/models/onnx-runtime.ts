import type * as Runtime from "onnxruntime-node";
import { ServingError } from "../errors.ts";

export type OnnxRuntime = typeof Runtime;

/**
 * Loads ONNX Runtime's native addon; nothing before this call does.
 *
 * Throws FAILED_PRECONDITION, with what to do, where the package or its native file is missing.
 */
export async function loadOnnxRuntime(importModule = () => import("onnxruntime-node")): Promise<OnnxRuntime> {
  turnTelemetryOff();
  try {
    const runtime = await importModule();
    // Messages of its environment (devices it looked for) would stand as plain text among JSON logs.
    runtime.env.logLevel = "error";
    return runtime;
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
