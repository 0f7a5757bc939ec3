import { basename, dirname } from "node:path";
import type { ApiCode, Service } from "../authoring/create-service.ts";
import { defineService } from "../definition/define-service.ts";
import { ServingError, toServingError } from "../errors.ts";
import { tensors } from "../io/tensor/tensors-type.ts";
import type { TensorsSpec } from "../io/types.ts";
import { haveRows, joinedRuns, singleRuns } from "./model-runs.ts";
import { onnx, tensorflow } from "../models/handle.ts";
import { FORMATS, formatOf, type ModelFormat, shownPath } from "../models/model-format.ts";
import { assertServable, type OnnxFileInfo, readOnnxFile } from "../models/onnx-file/index.ts";
import { chooseSignature } from "../models/saved-model/choose-signature.ts";
import * as savedModel from "../models/saved-model/index.ts";
import * as tfjs from "../models/tfjs/index.ts";
import type { DType } from "../tensor/dtype.ts";
import type { ModelsEntry } from "./service-entry.ts";

/**
 * The service that serves model files as they are: one API for each model, its tensors by name in and out.
 *
 * Throws FAILED_PRECONDITION or NOT_FOUND that names each file that can't be served, and why.
 */
export async function zeroCodeService(entry: ModelsEntry): Promise<Service> {
  const apis = new Map<string, ApiCode>();
  const inputs = [];
  const faults: ServingError[] = [];
  for (const [name, { path, model: served, isDefault, batch }] of Object.entries(entry.models)) {
    const signature = await readSignature(path).catch(toServingError);
    if (signature instanceof ServingError) {
      faults.push(signature);
      continue;
    }
    const { input, output } = signature;
    const model = FORMATS[formatOf(path)].engine === "onnx" ? onnx(path) : tensorflow(path);
    const types = { input, output, engine: model.engine };
    const joins = batch !== undefined && haveRows(input.spec, output.spec);
    apis.set(
      name,
      joins ? { ...types, ...joinedRuns(model), measured: batch.measured } : { ...types, ...singleRuns(model) },
    );
    inputs.push({
      batch: joins ? { maxSize: batch.maxSize, maxLatencyMs: batch.maxLatencyMs } : undefined,
      name,
      model: served,
      default: isDefault,
      input: input.spec,
      output: output.spec,
      summary: `Runs ${nameOf(path)}`,
    });
  }
  if (faults.length > 0) throw inOne(faults);
  const definition = defineService({ name: entry.name, version: entry.version, apis: inputs });
  const nothing = async (): Promise<void> => undefined;
  return { definition, apis, hooks: { onInit: nothing, onShutdown: nothing, isReady: async () => true } };
}

/** The tensors of one model; an error says which model it is about. */
async function readSignature(path: string) {
  const tensorsOf = await READERS[formatOf(path)](path);
  try {
    const { inputs, outputs } = tensorsOf();
    return { input: tensors(shapesOf(inputs)), output: tensors(shapesOf(outputs)) };
  } catch (cause) {
    const { code, message, problems } = toServingError(cause);
    throw new ServingError(code, `${nameOf(path)}: ${message}`, { problems, cause });
  }
}

/** Reads a model, whose errors name it, and then tells of what can be served. */
const READERS: Readonly<Record<ModelFormat, (path: string) => Promise<() => NamedTypes>>> = {
  async onnx(path) {
    const info = await readOnnxFile(path);
    return () => onnxTensors(info);
  },
  async "saved-model"(path) {
    const info = await savedModel.readSavedModel(dirname(path));
    return () => savedModelTensors(info);
  },
  async tfjs(path) {
    const info = await tfjs.readTfjsModel(path);
    return () => {
      tfjs.assertServable(info);
      return info;
    };
  },
};

function onnxTensors(info: OnnxFileInfo): NamedTypes {
  const left = new Set(assertServable(info).leftOut.map((output) => output.name));
  return { inputs: info.inputs, outputs: info.outputs.filter((value) => !left.has(value.name)) };
}

function savedModelTensors(info: savedModel.SavedModelInfo): NamedTypes {
  const signature = chooseSignature(info, undefined);
  savedModel.assertServable(signature);
  return signature;
}

interface NamedTypes {
  readonly inputs: readonly NamedType[];
  readonly outputs: readonly NamedType[];
}

/** An input or output as its file declares it. */
interface NamedType {
  readonly name: string;
  readonly dtype?: DType;
  readonly shape?: readonly (number | string | null)[];
}

/** How messages call a model. */
function nameOf(path: string): string {
  return basename(shownPath(path));
}

function inOne(faults: readonly ServingError[]): ServingError {
  const [first, ...others] = faults;
  if (first !== undefined && others.length === 0) return first;
  const lines = faults.map(({ message }) => `\n  ${message}`);
  return new ServingError("FAILED_PRECONDITION", `${faults.length} models can't be served:${lines.join("")}`);
}

function shapesOf(values: readonly NamedType[]): TensorsSpec["tensors"] {
  return Object.fromEntries(
    values.map((value) => {
      if (value.dtype === undefined || value.shape === undefined) {
        throw new ServingError(
          "FAILED_PRECONDITION",
          `"${value.name}" has no type or rank in the model: serve it from a class that names its shape`,
        );
      }
      return [
        value.name,
        { dtype: value.dtype, shape: value.shape.map((size) => (typeof size === "number" ? size : null)) },
      ];
    }),
  );
}
