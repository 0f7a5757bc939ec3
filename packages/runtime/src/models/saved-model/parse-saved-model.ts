import { ServingError } from "../../errors.ts";
import { assertNoLookalike, type Lookalike } from "../wire/assert-no-lookalike.ts";
import {
  damagedMessage,
  type FieldRules,
  fileMessage,
  keep,
  readMessage,
  type WireMessage,
} from "../wire/wire-reader.ts";
import { bytesSource, type WireSource } from "../wire/wire-source.ts";
import { dataTypeOf } from "./data-type.ts";
import type { SavedModelInfo, SavedModelSignature, SignatureTensor } from "./types.ts";

/** How messages call a file of this format. */
export const SAVED_MODEL_FORMAT = "SavedModel";

/**
 * Reads tags, signatures and the need for variables from the bytes of a `saved_model.pb`.
 *
 * Of several graphs the one for serving is taken, which is tagged `serve`. Throws FAILED_PRECONDITION, with the byte and what was expected there,
 * when the bytes are not a whole SavedModel, and when none of its graphs is for serving.
 * Source: saved_model.proto, meta_graph.proto, graph.proto and function.proto of TensorFlow 2.15.
 */
export function parseSavedModel(bytes: Uint8Array): SavedModelInfo {
  return parseSavedModelSource(bytesSource(bytes, SAVED_MODEL_FORMAT));
}

/** As `parseSavedModel`, over a source that need not be in memory. */
export function parseSavedModelSource(source: WireSource): SavedModelInfo {
  assertNoLookalike(source, LOOKALIKES);
  const file = fileMessage(source, "SavedModel");
  const graphs: SavedModelInfo[] = [];
  readMessage(file, {
    1: {
      name: "saved_model_schema_version",
      int: (value) => {
        if (value !== 1) throw damagedMessage(file, file.start, `expected schema version 1, got ${value}`);
      },
    },
    2: { name: "meta_graphs", type: "MetaGraphDef", message: (inner) => graphs.push(parseMetaGraph(inner)) },
  });
  if (graphs.length === 0)
    throw damagedMessage(file, source.sizeBytes, "the file ended, but SavedModel.meta_graphs was expected");
  const servable = graphs.filter(({ tags }) => tags.includes("serve"));
  // The others are for other devices: {serve, gpu}, {serve, tpu}.
  const serving = servable.find(({ tags }) => tags.length === 1) ?? servable[0];
  if (serving !== undefined) return serving;
  const got = graphs.map(({ tags }) => (tags.length === 0 ? "none" : tags.join(" "))).join("; ");
  throw new ServingError(
    "FAILED_PRECONDITION",
    `not a readable SavedModel: expected a graph with the tag "serve", got the tags ${got}; export it with tf.saved_model.save`,
  );
}

const LOOKALIKES: readonly Lookalike[] = [
  { start: 0, bytes: "\x89HDF", says: "an HDF5 file (Keras): export the model with model.export()" },
  { start: 0, bytes: "PK\x03\x04", says: "a zip archive (.keras?): export the model with model.export()" },
  { start: 4, bytes: "TFL3", says: "a TensorFlow Lite model: use the SavedModel it was made from" },
];

function parseMetaGraph(message: WireMessage): SavedModelInfo {
  const tags: string[] = [];
  let tensorflowVersion = "";
  let hasVariables = false;
  const signatures: SavedModelSignature[] = [];
  readMessage(message, {
    1: {
      name: "meta_info_def",
      type: "MetaInfoDef",
      message: (inner) =>
        readMessage(inner, {
          4: { name: "tags", text: (tag) => (keep(inner, tag), tags.push(tag)) },
          5: { name: "tensorflow_version", text: (version) => (keep(inner, version), (tensorflowVersion = version)) },
        }),
    },
    2: { name: "graph_def", type: "GraphDef", message: (inner) => (hasVariables = graphHasVariables(inner)) },
    5: {
      name: "signature_def",
      type: "MetaGraphDef.SignatureDefEntry",
      message: (inner) => {
        const { key, value } = parseEntry(inner, "SignatureDef", parseSignature, NO_TENSORS);
        if (!key.startsWith("__saved_model_")) signatures.push({ name: key, ...value });
      },
    },
  });
  return { tags: tags.sort(), tensorflowVersion, signatures: sorted(signatures), hasVariables };
}

// Operations that hold a value from a checkpoint: those of TensorFlow 2 and of 1, and tables that change, which would be empty without it.
const VARIABLE_OPERATIONS: ReadonlySet<string> = new Set([
  "VarHandleOp",
  "Variable",
  "VariableV2",
  ...["MutableHashTable", "MutableHashTableOfTensors", "MutableDenseHashTable"].flatMap((op) => [op, `${op}V2`]),
]);

/** Variables are nodes of the graph itself; functions get them as arguments. */
function graphHasVariables(message: WireMessage): boolean {
  let has = false;
  const nodeRules: FieldRules = { 2: { name: "op", text: (op) => (has ||= VARIABLE_OPERATIONS.has(op)) } };
  readMessage(message, { 1: { name: "node", type: "NodeDef", message: (inner) => readMessage(inner, nodeRules) } });
  return has;
}

type Tensors = Pick<SavedModelSignature, "inputs" | "outputs">;

const NO_TENSORS: Tensors = { inputs: [], outputs: [] };

function parseSignature(message: WireMessage): Tensors {
  const inputs: SignatureTensor[] = [];
  const outputs: SignatureTensor[] = [];
  const into = (tensors: SignatureTensor[]) => (inner: WireMessage) => {
    const { key, value } = parseEntry(inner, "TensorInfo", parseTensorInfo, NO_TYPE);
    tensors.push({ name: key, ...value });
  };
  readMessage(message, {
    1: { name: "inputs", type: "SignatureDef.InputsEntry", message: into(inputs) },
    2: { name: "outputs", type: "SignatureDef.OutputsEntry", message: into(outputs) },
  });
  return { inputs: sorted(inputs), outputs: sorted(outputs) };
}

type Declared = Omit<SignatureTensor, "name">;

const NO_TYPE: Declared = { type: "unknown" };

function parseTensorInfo(message: WireMessage): Declared {
  let tensor = "";
  let type = NO_TYPE;
  let shape: Pick<Declared, "shape"> = {};
  let words: string | undefined;
  readMessage(message, {
    1: { name: "name", text: (name) => (keep(message, name), (tensor = name)) },
    2: { name: "dtype", int: (number) => (type = dataTypeOf(number)) },
    3: { name: "tensor_shape", type: "TensorShapeProto", message: (inner) => (shape = parseShape(inner)) },
    4: { name: "coo_sparse", type: "TensorInfo.CooSparse", message: () => (words = "sparse tensor") },
    5: { name: "composite_tensor", type: "TensorInfo.CompositeTensor", message: () => (words = "composite tensor") },
  });
  if (words !== undefined) return { type: `${words} of ${type.type}` };
  return { ...type, ...shape, ...(tensor === "" ? {} : { tensor }) };
}

function parseShape(message: WireMessage): Pick<Declared, "shape"> {
  const shape: (number | null)[] = [];
  let unknownRank = false;
  readMessage(message, {
    2: {
      name: "dim",
      type: "TensorShapeProto.Dim",
      message: (inner) => {
        keep(inner, "");
        // A size of 0 is the default, which files leave out.
        let length: number | null = 0;
        readMessage(inner, { 1: { name: "size", int: (size) => (length = size < 0 ? null : size) } });
        shape.push(length);
      },
    },
    3: { name: "unknown_rank", int: (value) => (unknownRank = value !== 0) },
  });
  return unknownRank ? {} : { shape };
}

/** An entry of a protobuf map; a key or value that is left out is the empty one. */
function parseEntry<V>(
  message: WireMessage,
  type: string,
  parse: (inner: WireMessage) => V,
  empty: V,
): { readonly key: string; readonly value: V } {
  let key = "";
  let value = empty;
  readMessage(message, {
    1: { name: "key", text: (text) => (keep(message, text), (key = text)) },
    2: { name: "value", type, message: (inner) => (value = parse(inner)) },
  });
  return { key, value };
}

/** By name and code unit; of two entries with one key the last one counts, as protobuf has it. */
function sorted<T extends { readonly name: string }>(entries: readonly T[]): readonly T[] {
  return [...new Map(entries.map((entry) => [entry.name, entry])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
