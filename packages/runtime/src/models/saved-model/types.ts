import type { DType } from "../../tensor/dtype.ts";

/** One input or output of a signature, as the file declares it. */
export interface SignatureTensor {
  /** The key by which callers know it. */
  readonly name: string;
  /** The tensor of the graph that it stands for, `<operation>:<index>`; undefined for what is no single dense tensor. */
  readonly tensor?: string;
  /** The element type in words: a dtype, or TensorFlow's name of one that no tensor of ours can hold. */
  readonly type: string;
  readonly dtype?: DType;
  /** Free sizes are null; undefined when the number of axes is open as well. */
  readonly shape?: readonly (number | null)[];
}

/** A function of the model that can be called; tensors sorted by name, as files keep them in no order. */
export interface SavedModelSignature {
  readonly name: string;
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
}

/** What a SavedModel says of itself. */
export interface SavedModelInfo {
  /** Of the graph that is served. */
  readonly tags: readonly string[];
  /** Of the TensorFlow that wrote it; empty when the file does not tell. */
  readonly tensorflowVersion: string;
  /** Sorted by name; without TensorFlow's own, which initialise and save. */
  readonly signatures: readonly SavedModelSignature[];
  /** Whether the graph has variables, whose values lie in files beside it. */
  readonly hasVariables: boolean;
}
