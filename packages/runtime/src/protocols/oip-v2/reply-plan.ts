import { randomUUID } from "node:crypto";
import { quote } from "../../describe-value.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { invalidInput, ServingError } from "../../errors.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import type { ServedModel } from "../served-models/model-table.ts";
import { knownContentType, outputContentType } from "./content-type.ts";
import type { InferOutput, InferReply, InferRequest, NamedModel, WantedOutput } from "./types.ts";

/** What a reply takes of its request. */
export interface ReplyPlan extends NamedModel {
  readonly id: string;
  readonly outputs: readonly WantedOutput[];
  /** Whether the caller speaks of content types, as MLServer's clients do: they are answered as it answers them. */
  readonly hasContentTypes: boolean;
  readonly contentType: string | undefined;
}

/** Plans the reply before the model runs. Throws INVALID_ARGUMENT for an output that the model does not have, or that is asked for twice. */
export function planReply(request: InferRequest, { name, model }: NamedModel): ReplyPlan {
  const { isBinary, outputs: wanted } = request;
  const given = [request, ...request.inputs].map(({ contentType }) => knownContentType(contentType));
  return {
    name,
    model,
    id: request.id ?? randomUUID(),
    outputs:
      wanted === undefined ? model.outputs.map((output) => ({ name: output.name, isBinary })) : wanted.map(known),
    hasContentTypes: given.some((contentType) => contentType !== undefined),
    contentType: given[0],
  };

  function known(output: WantedOutput, index: number, all: readonly WantedOutput[]): WantedOutput {
    const path = `/outputs/${index}`;
    if (!model.outputs.some((info) => info.name === output.name))
      throw invalidInput([{ path, message: unknownOutput(model, output.name) }]);
    // One answer for each: a short request could ask for a large output a million times.
    if (all.findIndex((other) => other.name === output.name) !== index)
      throw invalidInput([{ path, message: `output ${quote(output.name)} is asked for twice` }]);
    return output;
  }
}

/** Makes the reply of a call from the tensors of its result. */
export function toReply(plan: ReplyPlan, tensors: NamedTensors): InferReply {
  const { name, model, id, hasContentTypes } = plan;
  const outputs = plan.outputs.map((wanted) => {
    const tensor = Object.hasOwn(tensors, wanted.name) ? tensors[wanted.name] : undefined;
    if (tensor === undefined) throw new ServingError("INTERNAL", `the result has no output ${quote(wanted.name)}`);
    return hasContentTypes
      ? asContentType({ ...wanted, tensor }, model)
      : { ...wanted, tensor, contentType: undefined };
  });
  return {
    modelName: name,
    model,
    id,
    contentType: hasContentTypes ? replyContentType(plan, outputs) : undefined,
    outputs,
  };
}

/** As MLServer has it: the tensor's content type, and lists as columns, [N, 1]. */
function asContentType(
  { tensor, ...wanted }: WantedOutput & { readonly tensor: Tensor },
  model: ServedModel,
): InferOutput {
  const { shape } = tensor;
  const [length] = shape;
  const isList = length !== undefined && shape.length === 1;
  return {
    ...wanted,
    tensor: isList ? { ...tensor, shape: [length, 1] } : tensor,
    contentType: outputContentType(model.api.output, tensor.dtype),
  };
}

/** A data frame is one as a whole; a single tensor is what the caller said of the whole request. */
function replyContentType({ model, contentType }: ReplyPlan, outputs: readonly InferOutput[]): string | undefined {
  if (model.api.output.kind === "dataFrame") return "pd";
  return contentType === undefined || outputs.length !== 1 ? undefined : outputs[0]?.contentType;
}

function unknownOutput({ name, outputs }: ServedModel, asked: string): string {
  const names = outputs.map((output) => output.name);
  const known = names.slice(0, 10).map(quote).join(", ");
  return `model ${quote(name)} has no output ${quote(asked)}${didYouMean(asked, names) || `: it has ${known}`}`;
}
