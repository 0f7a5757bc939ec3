import { ServingError } from "../../errors.ts";
import { parseJsonBytes } from "../json-bytes/parse-json-bytes.ts";
import { stringifyJson } from "../json-text.ts";
import type { Payload, PayloadKind } from "../types.ts";

/** Name of the tensor in which JSON is answered over tensor protocols. */
const OUTPUT_TENSOR = "output";

/**
 * The JSON value of a payload; over tensor protocols the JSON text in the one element of one string tensor of any name.
 *
 * Throws INVALID_ARGUMENT for other tensors and for text that is not JSON, UNSUPPORTED_MEDIA_TYPE for parts.
 */
export function readJsonPayload(payload: Payload): unknown {
  if (payload.kind === "json") return payload.value;
  if (payload.kind === "parts") {
    const got = payload.parts[0]?.mediaType ?? "an empty body";
    throw new ServingError("UNSUPPORTED_MEDIA_TYPE", `expected application/json, got ${got}`);
  }
  const tensors = Object.values(payload.tensors);
  const [tensor] = tensors;
  if (tensor === undefined || tensors.length > 1 || tensor.dtype !== "string" || tensor.data.length !== 1) {
    const got = tensors.map((other) => `${other.dtype} [${other.shape.join(",")}]`).join(", ");
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected one BYTES tensor with one element, the JSON text, got ${got || "no tensor"}`,
    );
  }
  return parseJsonBytes(Buffer.from(tensor.data[0] ?? ""), { exactIntegers: false });
}

/** Puts a JSON value into a payload. Throws NOT_ACCEPTABLE when parts are wanted. */
export function writeJsonPayload(value: unknown, as: PayloadKind): Payload {
  if (as === "json") return { kind: "json", value };
  if (as === "parts") throw new ServingError("NOT_ACCEPTABLE", "this result is JSON: ask for application/json");
  return {
    kind: "tensors",
    tensors: { [OUTPUT_TENSOR]: { dtype: "string", shape: [1], data: [stringifyJson(value)] } },
  };
}
