import type { BodyLimits } from "../../call/body/limits.ts";
import { parseJsonBody } from "../../call/body/json-body.ts";
import { assertUtf8, parseMediaType } from "../../call/body/media-type.ts";
import { readParts } from "../../call/body/multipart-body.ts";
import { rawPart } from "../../call/body/raw-part.ts";
import { readBody } from "../../call/body/read-body.ts";
import type { HttpRequest } from "../../call/types.ts";
import type { ApiDefinition } from "../../definition/types.ts";
import { nearestName } from "../../did-you-mean.ts";
import { ServingError } from "../../errors.ts";
import { describeValue, quote } from "../../describe-value.ts";
import { needsExactIntegers } from "../../io/json-text.ts";
import { consumesOf, fitsMediaTypes } from "../../io/media.ts";
import type { Payload } from "../../io/types.ts";
import { assertSignature } from "../tensorflow/signature.ts";
import type { ProtocolLimits } from "../types.ts";
import { fromInputs } from "./input/from-inputs.ts";
import { fromInstances } from "./input/from-instances.ts";
import { isObject, type JsonObject } from "./json-object.ts";

/** A request as the API reads it, and what its reply depends on. */
export interface V1Request {
  readonly payload: Payload;
  /** Whether it came in rows or in columns: the reply mirrors it. */
  readonly format: "instances" | "inputs";
  /** Number of instances; undefined where a body that was no JSON does not tell it. */
  readonly rows: number | undefined;
  /** Turns a place in the payload into one in the request. */
  place(path: string): string;
  dispose?(): Promise<void>;
}

type Limit = Pick<BodyLimits, "maxBytes" | "limitName">;

/** Largest bodies: of JSON, and of everything else. */
interface V1Limits {
  readonly json: Limit;
  readonly binary: Limit;
}

/** The limits of an API; its own one holds for bodies of every type. */
export function limitsOf(
  { name, input, maxBodyBytes }: ApiDefinition,
  { jsonBytes, binaryBytes }: ProtocolLimits,
): V1Limits {
  if (maxBodyBytes !== null) {
    const own = { maxBytes: maxBodyBytes, limitName: `maxBodyBytes of API "${name}"` };
    return { json: own, binary: own };
  }
  const json = { maxBytes: jsonBytes, limitName: "server.limits.json" };
  // Texts and CSV are read as a whole and cost as much as JSON, whatever type they come under.
  const isText = input.kind === "text" || input.kind === "dataFrame";
  return { json, binary: isText ? json : { maxBytes: binaryBytes, limitName: "server.limits.binary" } };
}

/**
 * Reads a request: JSON with `instances` or `inputs`, or a body of another type that the API takes.
 *
 * Throws as `readBody` does; INVALID_ARGUMENT for JSON that is no such request, UNSUPPORTED_MEDIA_TYPE for a type that the API does not take.
 */
export async function readRequest(
  api: ApiDefinition,
  request: HttpRequest,
  { limits, reading }: { readonly limits: V1Limits; readonly reading: Omit<BodyLimits, keyof Limit> },
): Promise<V1Request> {
  const mediaType = mediaTypeOf(api, request);
  if (mediaType === JSON_TYPE) {
    const bytes = await readBody(request, { ...limits.json, ...reading });
    return fromBody(api, parseJsonBody(bytes, { exactIntegers: needsExactIntegers(api.input) }));
  }
  const bodyLimits = { ...limits.binary, ...reading };
  const { parts, dispose } = await (mediaType === "multipart/form-data"
    ? readParts(request, { ...bodyLimits, fieldLimit: limits.json })
    : rawPart(request, bodyLimits));
  const rows = api.input.kind === "dataFrame" || api.input.kind === "tensor" ? undefined : 1;
  return { payload: { kind: "parts", parts }, format: "instances", rows, place: (path) => path, dispose };
}

function fromBody(api: ApiDefinition, body: unknown): V1Request {
  if (!isObject(body))
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected a JSON object with "instances" or "inputs", got ${describeValue(body)}`,
    );
  const { instances, inputs, signature_name: signature } = body;
  assertSignature(signature);
  if ((instances === undefined) === (inputs === undefined)) throw notOneOf(body);
  if (instances === undefined) {
    const { value, place } = fromInputs(api.input, inputs);
    return { payload: { kind: "json", value }, format: "inputs", rows: undefined, place };
  }
  if (!Array.isArray(instances))
    throw new ServingError("INVALID_ARGUMENT", `/instances: expected a list, got ${describeValue(instances)}`);
  const { value, place } = fromInstances(api.input, instances);
  return { payload: { kind: "json", value }, format: "instances", rows: instances.length, place };
}

function notOneOf(body: JsonObject): ServingError {
  if (body["instances"] !== undefined)
    return new ServingError("INVALID_ARGUMENT", 'expected one of "instances" and "inputs", got both');
  const near = Object.keys(body)
    .slice(0, 20)
    .find((key) => nearestName(key, ["instances", "inputs"]) !== undefined);
  return new ServingError(
    "INVALID_ARGUMENT",
    `expected "instances" (rows) or "inputs" (columns), got ${near === undefined ? "neither" : quote(near)}`,
  );
}

const JSON_TYPE = "application/json";
/** What curl's -d says of any body: TensorFlow Serving's own examples send JSON so. */
const CURL_TYPE = "application/x-www-form-urlencoded";
/** What clients say of JSON who do not think of its type: JSON unless the model takes such bodies. */
const VAGUE_TYPES: ReadonlySet<string> = new Set(["application/octet-stream", "text/plain"]);

function mediaTypeOf({ input }: ApiDefinition, request: HttpRequest): string {
  const header = request.headers["content-type"];
  if (header === undefined) return JSON_TYPE;
  const mediaType = parseMediaType(header);
  const { type } = mediaType;
  if (type === JSON_TYPE || type === CURL_TYPE || (type.endsWith("+json") && !type.includes("cloudevents"))) {
    assertUtf8(mediaType);
    return JSON_TYPE;
  }
  const consumed = consumesOf(input);
  if (fitsMediaTypes(type, consumed)) return type;
  if (VAGUE_TYPES.has(type)) return JSON_TYPE;
  throw new ServingError(
    "UNSUPPORTED_MEDIA_TYPE",
    `this model takes ${[...new Set([JSON_TYPE, ...consumed])].join(", ")}, got Content-Type ${quote(type)}`,
  );
}
