import type { ServedModel } from "../served-models/model-table.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** A model, and the name by which the caller asked for it. */
export interface NamedModel {
  readonly name: string;
  readonly model: ServedModel;
}

/** One input tensor of a call, whichever surface it came by. */
export interface InferInput {
  readonly name: string;
  readonly tensor: Tensor;
  /** MLServer's `parameters.content_type`. */
  readonly contentType: string | undefined;
}

/** One output that the caller wants, and whether as bytes. */
export interface WantedOutput {
  readonly name: string;
  readonly isBinary: boolean;
}

/** An inference request, whichever surface it came by. */
export interface InferRequest {
  readonly id: string | undefined;
  /** MLServer's `parameters.content_type` of the whole request. */
  readonly contentType: string | undefined;
  readonly inputs: readonly InferInput[];
  /** The outputs that the caller names, in the order of the reply; undefined for all. */
  readonly outputs: readonly WantedOutput[] | undefined;
  /** Whether outputs go out as bytes where the caller does not say it of each: the binary tensor extension over REST, raw contents over gRPC. */
  readonly isBinary: boolean;
}

/** One output tensor of a reply. */
export interface InferOutput {
  readonly name: string;
  readonly tensor: Tensor;
  readonly isBinary: boolean;
  readonly contentType: string | undefined;
}

/** An inference reply, whichever surface it goes by. */
export interface InferReply {
  /** As the caller named it. */
  readonly modelName: string;
  readonly model: ServedModel;
  readonly id: string;
  readonly contentType: string | undefined;
  readonly outputs: readonly InferOutput[];
}
