import { assertNoLookalike, type Lookalike } from "../wire/assert-no-lookalike.ts";
import { damagedModel } from "../wire/damaged.ts";
import { ONNX_FORMAT } from "./format.ts";
import { domainName, graphRules, parseEntry, walkFunction } from "./graph-walk.ts";
import type { OnnxFileInfo, OnnxValueInfo } from "./types.ts";
import { parseValueInfo } from "./value-info.ts";
import { damagedMessage, fileMessage, keep, readMessage, type WireMessage } from "../wire/wire-reader.ts";
import { bytesSource, type WireSource } from "../wire/wire-source.ts";

/**
 * Reads names, types, shapes, metadata, external files and operators from the bytes of an ONNX file; weights are never looked at.
 *
 * Throws FAILED_PRECONDITION, with the byte and what was expected there, when the bytes are not a whole ONNX model.
 * Source: onnx.proto (ModelProto) of onnx 1.23, IR version 14.
 */
export function parseOnnxFile(bytes: Uint8Array): OnnxFileInfo {
  return parseOnnxSource(bytesSource(bytes, ONNX_FORMAT));
}

/** As `parseOnnxFile`, over a source that need not be in memory. */
export function parseOnnxSource(source: WireSource): OnnxFileInfo {
  assertNoLookalike(source, LOOKALIKES);
  const model = emptyModel();
  readModel(fileMessage(source, "ModelProto"), model);
  if (model.irVersion < 1)
    throw damagedModel(source.format, source.sizeBytes, "the file ended, but ModelProto.ir_version was expected");
  if (!model.hasGraph)
    throw damagedModel(source.format, source.sizeBytes, "the file ended, but ModelProto.graph was expected");
  // Operator sets came with IR version 3. Exporters write them behind the graph, so a file cut after its graph is noticed here.
  if (model.irVersion >= 3 && model.opsets.size === 0)
    throw damagedModel(source.format, source.sizeBytes, "the file ended, but ModelProto.opset_import was expected");
  return {
    irVersion: model.irVersion,
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    graphName: model.graphName,
    opsets: toRecord(model.opsets),
    inputs: model.inputs.filter((input) => !model.initializers.has(input.name)),
    outputs: model.outputs,
    metadata: toRecord(model.metadata),
    externalData: [...model.externalData].sort(),
    operators: [...model.operators].sort(),
  };
}

/** What has been found so far; protobuf lets the parts of a message come in any order and in pieces. */
interface ModelFound {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  hasGraph: boolean;
  graphName: string;
  readonly opsets: Map<string, number>;
  readonly metadata: Map<string, string>;
  readonly initializers: Set<string>;
  readonly inputs: OnnxValueInfo[];
  readonly outputs: OnnxValueInfo[];
  readonly operators: Set<string>;
  readonly externalData: Set<string>;
}

function emptyModel(): ModelFound {
  return {
    irVersion: 0,
    producerName: "",
    producerVersion: "",
    hasGraph: false,
    graphName: "",
    opsets: new Map(),
    metadata: new Map(),
    initializers: new Set(),
    inputs: [],
    outputs: [],
    operators: new Set(),
    externalData: new Set(),
  };
}

function readModel(message: WireMessage, model: ModelFound): void {
  readMessage(message, {
    1: { name: "ir_version", int: (value) => (model.irVersion = value) },
    2: { name: "producer_name", text: (value) => (model.producerName = value) },
    3: { name: "producer_version", text: (value) => (model.producerVersion = value) },
    7: { name: "graph", type: "GraphProto", message: (graph) => readMainGraph(graph, model) },
    8: { name: "opset_import", type: "OperatorSetIdProto", message: (opset) => readOpset(opset, model) },
    14: { name: "metadata_props", type: "StringStringEntryProto", message: (entry) => readMetadata(entry, model) },
    25: { name: "functions", type: "FunctionProto", message: (body) => walkFunction(body, model) },
  });
}

function readMainGraph(message: WireMessage, model: ModelFound): void {
  model.hasGraph = true;
  const addInitializer = (name: string): void => {
    keep(message, name);
    model.initializers.add(name);
  };
  readMessage(message, {
    ...graphRules(model, addInitializer),
    2: { name: "name", text: (value) => (model.graphName = value) },
    11: { name: "input", type: "ValueInfoProto", message: (value) => model.inputs.push(namedValue(value)) },
    12: { name: "output", type: "ValueInfoProto", message: (value) => model.outputs.push(namedValue(value)) },
  });
}

function namedValue(message: WireMessage): OnnxValueInfo {
  const value = parseValueInfo(message);
  if (value.name === "")
    throw damagedMessage(message, message.start, "expected a name for each input and output of the graph, got none");
  return value;
}

function readOpset(message: WireMessage, model: ModelFound): void {
  let domain = "";
  let version = 0;
  readMessage(message, {
    1: { name: "domain", text: (value) => (domain = value) },
    2: { name: "version", int: (value) => (version = value) },
  });
  keep(message, domain);
  model.opsets.set(domainName(domain), version);
}

function readMetadata(message: WireMessage, model: ModelFound): void {
  const { key, value } = parseEntry(message);
  keep(message, key + value);
  model.metadata.set(key, value);
}

/** A frozen object without a prototype: keys come from the file, and `__proto__` must be one like any other. */
function toRecord<Value>(entries: ReadonlyMap<string, Value>): Readonly<Record<string, Value>> {
  const record: Record<string, Value> = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return Object.freeze(record);
}

// Files that often stand where a model was expected, by their first bytes, and what to do about them.
const LOOKALIKES: readonly Lookalike[] = [
  { start: 4, bytes: "ORTM", says: "ONNX Runtime's .ort format: use the .onnx file it was made from" },
  { start: 0, bytes: "\x89HDF", says: "an HDF5 file (Keras): export the model to ONNX" },
  {
    start: 0,
    bytes: "PK\x03\x04",
    says: "a zip archive (PyTorch .pt or .keras?): export the model to ONNX, or unpack it",
  },
];
