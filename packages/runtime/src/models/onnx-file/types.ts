import type { DType } from "../../tensor/dtype.ts";

/** What a graph input or output is; `unknown`: the file leaves the type to inference at load. */
export type OnnxValueKind = "tensor" | "sparse" | "sequence" | "map" | "optional" | "opaque" | "unknown";

/** One graph input or output as the file declares it. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: OnnxValueKind;
  /** Absent for what is not a tensor, and for element types outside `DType` (then `description` names the type). */
  readonly dtype?: DType;
  /** A size, the name of a free dimension, or null for an unnamed free one; [] is a scalar. Absent when the rank is free. */
  readonly shape?: readonly (number | string | null)[];
  /** The type in words when `dtype` cannot say it: `sequence of map(int64 → float32)`, `complex64 tensor`. */
  readonly description?: string;
}

/** What an ONNX file says of itself, weights aside; JSON-safe. */
export interface OnnxFileInfo {
  readonly irVersion: number;
  /** Name and version of the exporter, `skl2onnx 1.20.0`; empty when the file names none. */
  readonly producer: string;
  readonly graphName: string;
  /** Version of each operator set, by domain; the default domain is `ai.onnx`. No prototype. */
  readonly opsets: Readonly<Record<string, number>>;
  /** What a caller must feed: graph inputs without those that an initializer fills, in file order. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** The exporter's key-value pairs. No prototype: any key, `__proto__` too, is plain data. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Files that hold weights, relative to the model's folder and always inside it, sorted; subgraphs and attributes included. */
  readonly externalData: readonly string[];
  /** Distinct `domain:OpType` of all nodes, subgraphs and functions included, sorted. */
  readonly operators: readonly string[];
}
