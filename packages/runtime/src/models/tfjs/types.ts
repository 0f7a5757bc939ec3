import type { SignatureTensor } from "../saved-model/index.ts";

/** One input or output, as the file declares it. */
export type TfjsTensor = Omit<SignatureTensor, "tensor">;

/** Weights that lie one behind the other in files, in the order of both. */
export interface WeightGroup {
  /** Paths relative to the model's folder, inside it, with slashes. */
  readonly paths: readonly string[];
  /** What the files have together; undefined where texts are among the weights, whose size only the files tell. */
  readonly byteLength: number | undefined;
}

/** The two kinds of model that TensorFlow.js has, by the names that it writes. */
export type TfjsVariant = "graph-model" | "layers-model";

/** What a TF.js model says of itself. */
export interface TfjsInfo {
  readonly variant: TfjsVariant;
  /** Of the library that trained it, and of the converter; empty when the file does not tell. */
  readonly generatedBy: string;
  readonly convertedBy: string;
  /** Those of a GraphModel sorted by name, as files keep them in no order; those of a LayersModel in the order of its layers. */
  readonly inputs: readonly TfjsTensor[];
  readonly outputs: readonly TfjsTensor[];
  readonly weights: readonly WeightGroup[];
}
