import { onnxEngine } from "./onnx.ts";
import { tensorFlowEngine } from "./tensorflow/engine.ts";
import type { ModelEngine } from "./types.ts";

/** The model engines by name. An engine loads its native part with its first model, not before. */
export const ENGINES = { onnx: onnxEngine, tensorflow: tensorFlowEngine } as const satisfies Readonly<
  Record<string, ModelEngine>
>;

export type EngineName = keyof typeof ENGINES;
