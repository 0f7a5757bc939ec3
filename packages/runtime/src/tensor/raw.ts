import { ServingError } from "../errors.ts";
import { type DataOf, type DType, DTYPES } from "./dtype.ts";
import { elementCount, formatShape } from "./shape.ts";
import type { Tensor, TensorAmong } from "./tensor.ts";

/**
 * The elements of a tensor as bytes: little-endian, row-major, without padding; strings as uint32 length and UTF-8 bytes each.
 *
 * Numbers are not copied: the bytes are a view of the tensor's memory. Typed arrays are in the host's byte order, so big-endian hosts are not supported:
 * there both functions throw UNIMPLEMENTED.
 * Source: Open Inference Protocol v2, "Tensor Data" and the binary tensor extension.
 */
export function toBytes(tensor: Tensor): Uint8Array {
  assertLittleEndian();
  if (tensor.dtype === "string") return packStrings(tensor.data);
  return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

/**
 * The tensor whose elements are these bytes, laid out as `toBytes` does.
 *
 * A view of the bytes, which belong to the tensor from now on; they are copied only when they start where the element type can't.
 * Throws INVALID_ARGUMENT when the length does not fit the shape, a bool is neither 0 nor 1, or a string is not UTF-8.
 */
export function fromBytes<D extends DType>(bytes: Uint8Array, dtype: D, shape: readonly number[]): TensorAmong<D> {
  assertLittleEndian();
  const count = elementCount(shape);
  const size: number | undefined = DTYPES[dtype].bytes;
  if (size !== undefined && bytes.byteLength !== count * size) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected ${count * size} bytes for ${dtype} of shape ${formatShape(shape)}, got ${bytes.byteLength}`,
    );
  }
  return { dtype, shape, data: VIEWS[dtype](bytes, count) } as TensorAmong<D>;
}

/** Makes the data of each type over bytes whose length was checked. */
const VIEWS: { readonly [D in DType]: (bytes: Uint8Array, count: number) => DataOf[D] } = {
  float32: (bytes, count) => viewOf(Float32Array, bytes, count),
  float64: (bytes, count) => viewOf(Float64Array, bytes, count),
  float16: (bytes, count) => viewOf(Uint16Array, bytes, count),
  bfloat16: (bytes, count) => viewOf(Uint16Array, bytes, count),
  int8: (bytes, count) => viewOf(Int8Array, bytes, count),
  uint8: (bytes, count) => viewOf(Uint8Array, bytes, count),
  int16: (bytes, count) => viewOf(Int16Array, bytes, count),
  uint16: (bytes, count) => viewOf(Uint16Array, bytes, count),
  int32: (bytes, count) => viewOf(Int32Array, bytes, count),
  uint32: (bytes, count) => viewOf(Uint32Array, bytes, count),
  int64: (bytes, count) => viewOf(BigInt64Array, bytes, count),
  uint64: (bytes, count) => viewOf(BigUint64Array, bytes, count),
  bool: viewBooleans,
  string: unpackStrings,
};

interface ViewConstructor<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

function viewOf<A>(constructor: ViewConstructor<A>, bytes: Uint8Array, count: number): A {
  if (bytes.byteOffset % constructor.BYTES_PER_ELEMENT === 0)
    return new constructor(bytes.buffer, bytes.byteOffset, count);
  // Not bytes.slice(): that of a Buffer does not copy.
  return new constructor(new Uint8Array(bytes).buffer, 0, count);
}

function viewBooleans(bytes: Uint8Array, count: number): Uint8Array {
  const index = bytes.findIndex((byte) => byte > 1);
  if (index >= 0) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected bytes 0 or 1 for bool, got ${String(bytes[index])} in element ${index}`,
    );
  }
  return viewOf(Uint8Array, bytes, count);
}

const LENGTH_BYTES = 4;

function packStrings(values: readonly string[]): Uint8Array {
  const packed = Buffer.allocUnsafe(values.reduce((sum, value) => sum + LENGTH_BYTES + Buffer.byteLength(value), 0));
  let offset = 0;
  for (const value of values) {
    const length = packed.write(value, offset + LENGTH_BYTES);
    packed.writeUInt32LE(length, offset);
    offset += LENGTH_BYTES + length;
  }
  return packed;
}

function unpackStrings(bytes: Uint8Array, count: number): string[] {
  // Each element takes at least its length: a shape can't make the list larger than the bytes allow.
  if (count * LENGTH_BYTES > bytes.byteLength)
    throw wrongStrings(`${count} strings need at least ${count * LENGTH_BYTES} bytes, got ${bytes.byteLength}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const values: string[] = [];
  let offset = 0;
  while (values.length < count) {
    const index = values.length;
    if (offset + LENGTH_BYTES > bytes.byteLength) throw wrongStrings(`the bytes end before element ${index}`);
    const start = offset + LENGTH_BYTES;
    offset = start + view.getUint32(offset, true);
    if (offset > bytes.byteLength)
      throw wrongStrings(`element ${index} is said to end at byte ${offset} of ${bytes.byteLength}`);
    try {
      values.push(decoder.decode(bytes.subarray(start, offset)));
    } catch (cause) {
      throw new ServingError("INVALID_ARGUMENT", `expected UTF-8 text in element ${index} of a string tensor`, {
        cause,
      });
    }
  }
  if (offset !== bytes.byteLength)
    throw wrongStrings(`${bytes.byteLength - offset} bytes are left after the last of ${count} strings`);
  return values;
}

function wrongStrings(reason: string): ServingError {
  return new ServingError("INVALID_ARGUMENT", `expected strings as uint32 length and bytes each: ${reason}`);
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function assertLittleEndian(): void {
  if (!IS_LITTLE_ENDIAN) throw new ServingError("UNIMPLEMENTED", "tensors as bytes need a little-endian host");
}
