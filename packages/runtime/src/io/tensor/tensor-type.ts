import { invalidInput, ServingError } from "../../errors.ts";
import { childPath } from "../../problem-list.ts";
import { type DType, DTYPES } from "../../tensor/dtype.ts";
import { fromNested } from "../../tensor/from-nested.ts";
import { fromBytes, toBytes } from "../../tensor/raw.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { NamedTensors, Tensor, TensorOf } from "../../tensor/tensor.ts";
import { toNested } from "../../tensor/to-nested.ts";
import { OUTPUT_TENSOR, onlyPart } from "../binary-payload.ts";
import { contentFromBytes } from "../content.ts";
import type { IoOptions, IoType, NanPolicy, Part, Payload, PayloadKind, TensorSpec } from "../types.ts";
import { formatTensor, freezeDeclaration, type TensorDeclaration, tensorFault, valueFault } from "./declared-tensor.ts";

const RAW_TYPE = "application/octet-stream";

/**
 * One tensor: nested lists in JSON, a raw little-endian body where at most one size is free (not for strings), one tensor over tensor protocols.
 *
 * int64 and uint64 are exact. Throws INVALID_ARGUMENT for an unknown element type or a size that is none.
 */
export function tensor<D extends DType>(dtype: D, shape: readonly (number | null)[]): IoType<TensorOf<D>> {
  const declared = freezeDeclaration("tensor", { dtype, shape });
  const spec: TensorSpec = Object.freeze({ kind: "tensor", dtype, shape: declared.shape });
  return Object.freeze<IoType<TensorOf<D>>>({
    spec,
    // Reading has checked the element type that D stands for.
    read: (payload, options) => readTensor(declared, payload, options) as TensorOf<D> | Promise<TensorOf<D>>,
    write: (value, as, options) => writeTensor(declared, value, as, options),
  });
}

function readTensor(declared: TensorDeclaration, payload: Payload, { nan }: IoOptions): Tensor | Promise<Tensor> {
  switch (payload.kind) {
    case "json":
      return fromNested(payload.value, declared.dtype, declared.shape, { nan });
    case "tensors":
      return onlyTensor(declared, payload.tensors, nan);
    case "parts":
      return readRaw(declared, payload.parts, nan);
  }
}

function onlyTensor(declared: TensorDeclaration, tensors: NamedTensors, nan: NanPolicy): Tensor {
  const entries = Object.entries(tensors);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    throw invalidInput([
      { path: "", message: `expected one tensor of ${formatTensor(declared)}, got ${entries.length}` },
    ]);
  }
  const [name, value] = entry;
  const fault = tensorFault(value, declared, nan);
  if (fault !== undefined) throw invalidInput([{ path: childPath("", name), message: fault }]);
  return value;
}

async function readRaw(declared: TensorDeclaration, parts: readonly Part[], nan: NanPolicy): Promise<Tensor> {
  const { part, path } = onlyPart(parts, "tensor");
  if (part.mediaType !== RAW_TYPE) {
    throw new ServingError("UNSUPPORTED_MEDIA_TYPE", `expected application/json or ${RAW_TYPE}, got ${part.mediaType}`);
  }
  const shape = rawShape(declared, part.content.size, path);
  const value = fromBytes(await part.content.bytes(), declared.dtype, shape);
  const fault = tensorFault(value, declared, nan);
  if (fault !== undefined) throw invalidInput([{ path, message: fault }]);
  return value;
}

/** The shape of a raw body: its length tells the one size that is free. */
function rawShape(declared: TensorDeclaration, byteCount: number, path: string): number[] {
  const { dtype, shape } = declared;
  const bytes: number | undefined = DTYPES[dtype].bytes;
  const free = shape.filter((size) => size === null).length;
  if (bytes === undefined || free > 1) {
    const reason =
      bytes === undefined ? "strings" : `shape ${formatShape(shape)}, whose free sizes a length does not tell`;
    throw new ServingError("UNSUPPORTED_MEDIA_TYPE", `a raw body can't carry ${reason}: send application/json`);
  }
  const rowBytes = shape.reduce<number>((product, size) => product * (size ?? 1), bytes);
  const rows = rowBytes === 0 ? 0 : byteCount / rowBytes;
  if (free === 1 && !Number.isInteger(rows)) {
    throw invalidInput([
      { path, message: `expected a multiple of ${rowBytes} bytes for ${formatTensor(declared)}, got ${byteCount}` },
    ]);
  }
  return shape.map((size) => size ?? rows);
}

function writeTensor(declared: TensorDeclaration, given: unknown, as: PayloadKind, { nan }: IoOptions): Payload {
  const fault = valueFault(given, declared);
  if (fault !== undefined) throw new ServingError("INTERNAL", `the output does not fit its type: ${fault}`);
  const value = given as Tensor;
  if (as === "json") return { kind: "json", value: toNested(value, { nan }) };
  if (as === "tensors") return { kind: "tensors", tensors: { [OUTPUT_TENSOR]: value } };
  const content = contentFromBytes(toBytes(value));
  return { kind: "parts", parts: [{ name: undefined, fileName: undefined, mediaType: RAW_TYPE, content }] };
}
