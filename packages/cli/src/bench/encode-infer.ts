import { elementsOf, type V2Tensor } from "./v2-tensor.ts";

/** How a number is laid out. Source: Open Inference Protocol v2, "Tensor Data Types". */
const NUMBERS: Readonly<Record<string, (value: number) => Buffer>> = {
  UINT8: (value) => bytesOf(1, (element) => element.writeUInt8(value)),
  UINT16: (value) => bytesOf(2, (element) => element.writeUInt16LE(value)),
  UINT32: (value) => bytesOf(4, (element) => element.writeUInt32LE(value)),
  UINT64: (value) => bytesOf(8, (element) => element.writeBigUInt64LE(BigInt(value))),
  INT8: (value) => bytesOf(1, (element) => element.writeInt8(value)),
  INT16: (value) => bytesOf(2, (element) => element.writeInt16LE(value)),
  INT32: (value) => bytesOf(4, (element) => element.writeInt32LE(value)),
  INT64: (value) => bytesOf(8, (element) => element.writeBigInt64LE(BigInt(value))),
  // Nobody says of a half what it takes: zeros.
  FP16: () => Buffer.alloc(2),
  BF16: () => Buffer.alloc(2),
  FP32: (value) => bytesOf(4, (element) => element.writeFloatLE(value)),
  FP64: (value) => bytesOf(8, (element) => element.writeDoubleLE(value)),
};

function bytesOf(length: number, write: (element: Buffer) => void): Buffer {
  const element = Buffer.alloc(length);
  write(element);
  return element;
}

/** A ModelInferRequest with raw contents. Source: protos/open_inference.proto. */
export function encodeInfer(model: string, tensors: readonly V2Tensor[]): Buffer {
  return Buffer.concat([
    field(1, Buffer.from(model)),
    ...tensors.map(({ name, datatype, shape }) =>
      field(
        5,
        Buffer.concat([
          field(1, Buffer.from(name)),
          field(2, Buffer.from(datatype)),
          field(3, Buffer.concat(shape.map(varint))),
        ]),
      ),
    ),
    ...tensors.map((tensor) => field(7, contentsOf(tensor))),
  ]);
}

function contentsOf({ datatype, shape, fill }: V2Tensor): Buffer {
  const element = elementOf(datatype, fill);
  return Buffer.alloc(elementsOf(shape) * element.length, element);
}

function elementOf(datatype: string, fill: V2Tensor["fill"]): Buffer {
  if (typeof fill === "boolean") return Buffer.from([Number(fill)]);
  if (typeof fill === "number") return NUMBERS[datatype]?.(fill) ?? Buffer.alloc(0);
  const content = Buffer.from(fill);
  return Buffer.concat([bytesOf(4, (length) => length.writeUInt32LE(content.length)), content]);
}

/** A length-delimited field. Source: Protocol Buffers, "Encoding". */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
