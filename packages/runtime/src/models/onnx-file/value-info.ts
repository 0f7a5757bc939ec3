import { elementTypeOf } from "./element-type.ts";
import type { OnnxValueInfo } from "./types.ts";
import { keep, readMessage, type WireMessage } from "../wire/wire-reader.ts";

/** Parses a ValueInfoProto: name, kind, element type and shape. */
export function parseValueInfo(message: WireMessage): OnnxValueInfo {
  let name = "";
  let type: TypeFound = UNKNOWN;
  readMessage(message, {
    1: { name: "name", text: (value) => (name = value) },
    2: { name: "type", type: "TypeProto", message: (inner) => (type = parseType(inner)) },
  });
  keep(message, name);
  const { words, ...info } = type;
  if (info.type === "unknown" || info.dtype !== undefined) return { name, ...info };
  keep(message, words);
  return { name, ...info, description: info.type === "tensor" ? `${words} tensor` : words };
}

/** A type, and its words as they stand inside the words of another type. */
interface TypeFound extends Omit<OnnxValueInfo, "name" | "description"> {
  readonly words: string;
}

const UNKNOWN: TypeFound = { type: "unknown", words: "unknown" };

/** Of the alternatives of a TypeProto the last one in the file counts, as protobuf has it. */
function parseType(message: WireMessage): TypeFound {
  let found = UNKNOWN;
  readMessage(message, {
    1: { name: "tensor_type", type: "TypeProto.Tensor", message: (inner) => (found = parseTensorType(inner)) },
    4: {
      name: "sequence_type",
      type: "TypeProto.Sequence",
      message: (inner) => (found = { type: "sequence", words: `sequence of ${parseElement(inner).words}` }),
    },
    5: { name: "map_type", type: "TypeProto.Map", message: (inner) => (found = parseMapType(inner)) },
    7: {
      name: "opaque_type",
      type: "TypeProto.Opaque",
      message: () => (found = { type: "opaque", words: "opaque value" }),
    },
    8: {
      name: "sparse_tensor_type",
      type: "TypeProto.SparseTensor",
      message: (inner) => (found = { type: "sparse", words: `sparse tensor of ${parseTensorType(inner).words}` }),
    },
    9: {
      name: "optional_type",
      type: "TypeProto.Optional",
      message: (inner) => (found = { type: "optional", words: `optional ${parseElement(inner).words}` }),
    },
  });
  return found;
}

/** TypeProto.Tensor and TypeProto.SparseTensor: element type and shape. */
function parseTensorType(message: WireMessage): TypeFound {
  let dataType = 0;
  let shape: (number | string | null)[] | undefined;
  readMessage(message, {
    1: { name: "elem_type", int: (value) => (dataType = value) },
    2: { name: "shape", type: "TensorShapeProto", message: (inner) => (shape = parseShape(inner)) },
  });
  // 0 is UNDEFINED: the engine infers the type of such an output when it loads the model.
  if (dataType === 0) return UNKNOWN;
  const element = elementTypeOf(dataType);
  return {
    type: "tensor",
    words: element.name,
    ...(element.dtype === undefined ? {} : { dtype: element.dtype }),
    ...(shape === undefined ? {} : { shape }),
  };
}

/** TypeProto.Sequence and TypeProto.Optional: the type of what is inside. */
function parseElement(message: WireMessage): TypeFound {
  let found = UNKNOWN;
  readMessage(message, { 1: { name: "elem_type", type: "TypeProto", message: (inner) => (found = parseType(inner)) } });
  return found;
}

function parseMapType(message: WireMessage): TypeFound {
  let key = "unknown";
  let value = UNKNOWN;
  readMessage(message, {
    1: { name: "key_type", int: (dataType) => (key = elementTypeOf(dataType).name) },
    2: { name: "value_type", type: "TypeProto", message: (inner) => (value = parseType(inner)) },
  });
  return { type: "map", words: `map(${key} → ${value.words})` };
}

function parseShape(message: WireMessage): (number | string | null)[] {
  const dims: (number | string | null)[] = [];
  readMessage(message, {
    1: {
      name: "dim",
      type: "TensorShapeProto.Dimension",
      message: (inner) => {
        const dim = parseDimension(inner);
        keep(inner, typeof dim === "string" ? dim : "");
        dims.push(dim);
      },
    },
  });
  return dims;
}

function parseDimension(message: WireMessage): number | string | null {
  let dim: number | string | null = null;
  readMessage(message, {
    // Exporters write -1 for a free dimension, though the format has a name for it; engines take it as free.
    1: { name: "dim_value", int: (value) => (dim = value < 0 ? null : value) },
    2: { name: "dim_param", text: (value) => (dim = value === "" ? null : value) },
  });
  return dim;
}
