import { externalLocation } from "./external-location.ts";
import { keep, readMessage, type FieldRules, type WireMessage } from "../wire/wire-reader.ts";

/** What a walk through the nodes and tensors of a model gathers. */
export interface WalkFound {
  /** `domain:OpType` of each kind of node. */
  readonly operators: Set<string>;
  /** Relative locations of files that hold tensors. */
  readonly externalData: Set<string>;
}

/** The rules that walk a GraphProto with its subgraphs; `onInitializer` is told the name of each initializer of this graph. */
export function graphRules(found: WalkFound, onInitializer: (name: string) => void): FieldRules {
  return {
    1: { name: "node", type: "NodeProto", message: (node) => walkNode(node, found) },
    5: { name: "initializer", type: "TensorProto", message: (tensor) => onInitializer(walkTensor(tensor, found)) },
    15: {
      name: "sparse_initializer",
      type: "SparseTensorProto",
      message: (tensor) => onInitializer(walkSparseTensor(tensor, found)),
    },
  };
}

/** Walks the nodes of a FunctionProto, an operator that the model defines itself. */
export function walkFunction(message: WireMessage, found: WalkFound): void {
  readMessage(message, { 7: { name: "node", type: "NodeProto", message: (node) => walkNode(node, found) } });
}

/** Parses a StringStringEntryProto. */
export function parseEntry(message: WireMessage): { readonly key: string; readonly value: string } {
  let key = "";
  let value = "";
  readMessage(message, {
    1: { name: "key", text: (text) => (key = text) },
    2: { name: "value", text: (text) => (value = text) },
  });
  return { key, value };
}

/** The domain of ONNX's own operators has two spellings, "" and "ai.onnx"; this is the one we show. */
export function domainName(domain: string): string {
  return domain === "" ? "ai.onnx" : domain;
}

function walkNode(message: WireMessage, found: WalkFound): void {
  let operator = "";
  let domain = "";
  readMessage(message, {
    4: { name: "op_type", text: (value) => (operator = value) },
    5: { name: "attribute", type: "AttributeProto", message: (attribute) => walkAttribute(attribute, found) },
    7: { name: "domain", text: (value) => (domain = value) },
  });
  addOnce(found.operators, `${domainName(domain)}:${operator}`, message);
}

function walkAttribute(message: WireMessage, found: WalkFound): void {
  const tensor = (inner: WireMessage): void => void walkTensor(inner, found);
  const graph = (inner: WireMessage): void => readMessage(inner, graphRules(found, ignoreName));
  const sparse = (inner: WireMessage): void => void walkSparseTensor(inner, found);
  readMessage(message, {
    5: { name: "t", type: "TensorProto", message: tensor },
    6: { name: "g", type: "GraphProto", message: graph },
    10: { name: "tensors", type: "TensorProto", message: tensor },
    11: { name: "graphs", type: "GraphProto", message: graph },
    22: { name: "sparse_tensor", type: "SparseTensorProto", message: sparse },
    23: { name: "sparse_tensors", type: "SparseTensorProto", message: sparse },
  });
}

/** Returns the name of the tensor; its elements are never read. */
function walkTensor(message: WireMessage, found: WalkFound): string {
  let name = "";
  let isExternal = false;
  let location: string | undefined;
  readMessage(message, {
    8: { name: "name", text: (value) => (name = value) },
    13: {
      name: "external_data",
      type: "StringStringEntryProto",
      message: (inner) => {
        const entry = parseEntry(inner);
        if (entry.key === "location") location = entry.value;
      },
    },
    // 1 is EXTERNAL; otherwise entries of external_data mean nothing.
    14: { name: "data_location", int: (value) => (isExternal = value === 1) },
  });
  if (isExternal)
    addOnce(found.externalData, externalLocation(location, { tensor: name, byteOffset: message.start }), message);
  return name;
}

/** Returns the name of the tensor, which ONNX keeps on its values. */
function walkSparseTensor(message: WireMessage, found: WalkFound): string {
  let name = "";
  readMessage(message, {
    1: { name: "values", type: "TensorProto", message: (tensor) => (name = walkTensor(tensor, found)) },
    2: { name: "indices", type: "TensorProto", message: (tensor) => void walkTensor(tensor, found) },
  });
  return name;
}

function ignoreName(): void {
  // Initializers of a subgraph fill no input of the model.
}

function addOnce(set: Set<string>, text: string, message: WireMessage): void {
  if (set.has(text)) return;
  keep(message, text);
  set.add(text);
}
