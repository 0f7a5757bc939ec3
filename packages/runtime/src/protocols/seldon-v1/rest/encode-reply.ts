import { stringifyJson } from "../../../io/json-text.ts";
import type { NanPolicy } from "../../../io/types.ts";
import { toNested } from "../../../tensor/to-nested.ts";
import { tensorProtoToJson } from "../../tensorflow/tensor-proto-json.ts";
import type { ReplyData, SeldonMetric, SeldonReply } from "../types.ts";

/**
 * A reply as JSON: whole numbers stay whole, `meta` is always there, members of it only where they say something.
 *
 * Throws INTERNAL for a non-finite number that `nan` has no stand-in for. Source: Seldon v1, JSON mapping of `seldon.protos`.
 */
export async function encodeReply({ data, meta }: SeldonReply, nan: NanPolicy): Promise<string> {
  return stringifyJson({
    ...(await encodeData(data, nan)),
    meta: {
      ...(meta.puid === "" ? {} : { puid: meta.puid }),
      ...unlessEmpty("tags", meta.tags),
      ...unlessEmpty("requestPath", meta.requestPath),
      ...(meta.metrics.length === 0 ? {} : { metrics: meta.metrics.map(encodeMetric) }),
    },
  });
}

async function encodeData(data: ReplyData, nan: NanPolicy): Promise<object> {
  switch (data.kind) {
    case "tensor": {
      const { shape } = data.tensor;
      const values = toNested(
        { ...data.tensor, shape: [data.tensor.data.length] },
        { path: "/data/tensor/values", nan },
      );
      return { data: { ...namesOf(data), tensor: { shape, values } } };
    }
    case "tftensor":
      return { data: { ...namesOf(data), tftensor: tensorProtoToJson(data.tensor, "lists") } };
    case "ndarray":
      return { data: { ...namesOf(data), ndarray: data.values } };
    case "strData":
      return { strData: data.text };
    case "jsonData":
      return { jsonData: data.value };
    case "binData":
      return { binData: Buffer.from(await data.content.bytes()).toString("base64") };
  }
}

function namesOf({ names }: { readonly names: readonly string[] | undefined }): object {
  return names === undefined ? {} : { names };
}

function unlessEmpty(name: string, object: Readonly<Record<string, unknown>>): object {
  return Object.keys(object).length === 0 ? {} : { [name]: object };
}

function encodeMetric({ key, type, value, tags }: SeldonMetric): object {
  return { key, type, value, ...unlessEmpty("tags", tags) };
}
