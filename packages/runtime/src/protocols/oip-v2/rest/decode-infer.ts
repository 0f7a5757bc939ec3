import { parseJsonBody } from "../../../call/body/json-body.ts";
import { describeValue } from "../../../describe-value.ts";
import { invalidInput, type ServingError } from "../../../errors.ts";
import type { NanPolicy } from "../../../io/types.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { fromNested } from "../../../tensor/from-nested.ts";
import { fromBytes } from "../../../tensor/raw.ts";
import { elementCount, formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { atPlace } from "../../at-place.ts";
import { assertAxes, parseDatatype } from "../datatype.ts";
import type { InferInput, InferRequest, WantedOutput } from "../types.ts";
import type { InferBody } from "./read-infer-body.ts";

/**
 * Decodes the JSON of an inference request and the binary tensors behind it.
 *
 * Keys that are not known are left alone: an orchestrator passes replies on as requests, with all that they hold. Throws INVALID_ARGUMENT with the place.
 * Source: Open Inference Protocol v2, "Inference Request JSON Object"; Triton's binary tensor data extension.
 */
export function decodeInferRequest(
  { json, tensors }: Omit<InferBody, "isRaw">,
  { nan }: { readonly nan: NanPolicy },
): InferRequest {
  // Costs a scan more, and only integers of 64 bits have more digits than a number holds.
  const exactIntegers = json.includes("INT64");
  const request = objectAt(parseJsonBody(json, { exactIntegers }), "");
  const parameters = parametersAt(request["parameters"], "/parameters");
  const isBinary = booleanAt(parameters["binary_data_output"], "/parameters/binary_data_output") ?? false;
  const bytes: BinaryPart = { bytes: tensors, at: 0 };
  const inputs = listAt(request["inputs"], "/inputs").map((value, index) =>
    readInput(value, `/inputs/${index}`, { bytes, nan }),
  );
  if (bytes.at !== tensors.length)
    throw fault("/inputs", `${tensors.length} bytes follow the JSON, binary_data_size of all inputs makes ${bytes.at}`);
  const wanted = readWanted(listAt(request["outputs"] ?? [], "/outputs"), isBinary);
  return {
    // An empty one is none, as over gRPC.
    id: textAt(request["id"], "/id") || undefined,
    contentType: textAt(parameters["content_type"], "/parameters/content_type"),
    inputs,
    // An empty list is none too: over gRPC the two are one, and then all outputs are wanted.
    outputs: wanted.length === 0 ? undefined : wanted,
    isBinary,
  };
}

/** The bytes behind the JSON, and how many of them were taken. */
interface BinaryPart {
  readonly bytes: Buffer;
  at: number;
}

function readInput(
  value: unknown,
  path: string,
  { bytes, nan }: { readonly bytes: BinaryPart; readonly nan: NanPolicy },
): InferInput {
  const input = objectAt(value, path);
  const name = textAt(input["name"], `${path}/name`);
  const datatype = textAt(input["datatype"], `${path}/datatype`);
  if (name === undefined) throw fault(`${path}/name`, "expected the name of an input, got none");
  if (datatype === undefined) throw fault(`${path}/datatype`, "expected a datatype such as FP32, got none");
  const dtype = parseDatatype(datatype, `${path}/datatype`);
  const shape = readShape(input["shape"], `${path}/shape`);
  const parameters = parametersAt(input["parameters"], `${path}/parameters`);
  const contentType = textAt(parameters["content_type"], `${path}/parameters/content_type`);
  const size = parameters["binary_data_size"];
  if (size === undefined)
    return { name, contentType, tensor: readData(input["data"], { dtype, shape, nan, path: `${path}/data` }) };
  if (input["data"] !== undefined) throw fault(path, 'has both "data" and binary_data_size: send one of the two');
  const taken = takeBytes(bytes, size, `${path}/parameters/binary_data_size`);
  return { name, contentType, tensor: atPlace(path, () => fromBytes(taken, dtype, shape)) };
}

function takeBytes(part: BinaryPart, size: unknown, path: string): Buffer {
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw fault(path, `expected a number of bytes, got ${describeValue(size)}`);
  const end = part.at + size;
  if (end > part.bytes.length)
    throw fault(path, `${size} bytes are announced, ${part.bytes.length - part.at} follow the JSON`);
  const taken = part.bytes.subarray(part.at, end);
  part.at = end;
  return taken;
}

function readShape(value: unknown, path: string): readonly number[] {
  const sizes = listAt(value, path);
  assertAxes(sizes.length, path);
  return sizes.map((size, axis) => {
    if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
    throw fault(`${path}/${axis}`, `expected a whole number ≥ 0, got ${describeValue(size)}`);
  });
}

/** The elements, as one list in row-major order or nested as the shape is; a scalar also as it is. */
function readData(
  data: unknown,
  {
    dtype,
    shape,
    nan,
    path,
  }: { readonly dtype: DType; readonly shape: readonly number[]; readonly nan: NanPolicy; readonly path: string },
): Tensor {
  const options = { path, nan };
  if (!Array.isArray(data)) {
    if (data === undefined || shape.length > 0)
      throw fault(path, `expected a list of elements, got ${describeValue(data)}`);
    return fromNested(data, dtype, shape, options);
  }
  if (shape.length > 1 && Array.isArray(data[0])) return fromNested(data, dtype, shape, options);
  const count = atPlace(path, () => elementCount(shape));
  if (data.length !== count)
    throw fault(path, `shape ${formatShape(shape)} needs ${count} elements, got ${data.length}`);
  return { ...fromNested(data, dtype, [count], options), shape };
}

function readWanted(values: readonly unknown[], isBinary: boolean): WantedOutput[] {
  return values.map((value, index) => {
    const path = `/outputs/${index}`;
    const output = objectAt(value, path);
    const name = textAt(output["name"], `${path}/name`);
    if (name === undefined) throw fault(`${path}/name`, "expected the name of an output, got none");
    const parameters = parametersAt(output["parameters"], `${path}/parameters`);
    const own = booleanAt(parameters["binary_data"], `${path}/parameters/binary_data`);
    return { name, isBinary: own ?? isBinary };
  });
}

type JsonObject = Readonly<Record<string, unknown>>;

function objectAt(value: unknown, path: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw fault(path, `expected an object, got ${describeValue(value)}`);
}

/** Some clients write what they leave out as null. */
function parametersAt(value: unknown, path: string): JsonObject {
  return value === undefined || value === null ? {} : objectAt(value, path);
}

function listAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw fault(path, `expected a list, got ${describeValue(value)}`);
}

function textAt(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw fault(path, `expected a text, got ${describeValue(value)}`);
}

function booleanAt(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw fault(path, `expected true or false, got ${describeValue(value)}`);
}

function fault(path: string, message: string): ServingError {
  return invalidInput([{ path, message }]);
}
