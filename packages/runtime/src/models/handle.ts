import type { NamedTensors, TensorAmong } from "../tensor/tensor.ts";
import {
  type OnnxOptions,
  type OutputTypes,
  resolveOnnxOptions,
  resolveTensorFlowOptions,
  type TensorFlowOptions,
} from "./handle-options.ts";
import { registerModel } from "./handle-registry.ts";
import { createManagedModel, type ModelRequest } from "./managed-model.ts";
import type { ModelHandle, RunOptions } from "./types.ts";

/** A model as a service sees it; its results are typed by the outputs that were declared. */
export interface TypedHandle<O extends OutputTypes = OutputTypes> extends ModelHandle {
  run(feeds: NamedTensors, options?: RunOptions): Promise<OutputsOf<O>>;
}

/**
 * The tensors of a result by name.
 *
 * Declared outputs have their exact types. Without a declaration the compiler can't know which names a model has: then each name gives an untyped tensor,
 * so that `const { variable } = await model.run(…)` needs no assertion under any compiler options; a name that the model lacks is undefined.
 */
export type OutputsOf<O extends OutputTypes> = string extends keyof O
  ? // Any other type would become `… | undefined` under noUncheckedIndexedAccess, which `tsc --init` switches on.
    // oxlint-disable-next-line typescript/no-explicit-any
    { readonly [name: string]: any }
  : { readonly [Name in keyof O]: TensorAmong<O[Name]> };

/**
 * A lazy handle of an ONNX model: nothing is read or loaded until the server does, before it is ready.
 *
 * `source` is a path (relative ones against the folder of the service's file), a store tag `name:version`, or a folder that holds one `.onnx` file. To
 * have typed results, declare the outputs: `onnx("m.onnx", { outputs: { variable: "float32" } })`, which is checked when the model is loaded, or
 * `onnx<{ variable: "float32" }>("m.onnx")`, which is not. Make handles in fields of the service's class or at the top of its module.
 * Throws INVALID_ARGUMENT for options without meaning.
 */
export function onnx<const O extends OutputTypes = OutputTypes>(
  source: string,
  options?: OnnxOptions<O>,
): TypedHandle<O>;
export function onnx(source: string, options: OnnxOptions = {}): ModelHandle {
  return handleOf({ engine: "onnx", source, options: resolveOnnxOptions(source, options) });
}

/**
 * A lazy handle of a TensorFlow model: a SavedModel's folder, or the `model.json` of a TF.js GraphModel or LayersModel, or a folder that holds it.
 *
 * It is made, declared and used as that of `onnx`. A SavedModel needs the native library of `bento-ts tensorflow install`; TF.js models are computed without
 * it as well, by packages that the project brings.
 * Throws INVALID_ARGUMENT for options without meaning.
 */
export function tensorflow<const O extends OutputTypes = OutputTypes>(
  source: string,
  options?: TensorFlowOptions<O>,
): TypedHandle<O>;
export function tensorflow(source: string, options: TensorFlowOptions = {}): ModelHandle {
  return handleOf({ engine: "tensorflow", source, options: resolveTensorFlowOptions(source, options) });
}

function handleOf(request: ModelRequest): ModelHandle {
  const model = createManagedModel(request);
  registerModel(model);
  return model.handle;
}
