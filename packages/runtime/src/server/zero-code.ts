import { basename, extname } from "node:path";
import type { ApiCode, Service } from "../authoring/create-service.ts";
import { CANCELLATION, cancellationOf } from "../call/cancellation.ts";
import { defineService } from "../definition/define-service.ts";
import { ServingError } from "../errors.ts";
import { tensors } from "../io/tensor/tensors-type.ts";
import type { TensorsSpec } from "../io/types.ts";
import { onnx } from "../models/handle.ts";
import { assertServable, type OnnxValueInfo, readOnnxFile } from "../models/onnx-file/index.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import type { ServiceEntry } from "./service-entry.ts";

type ModelsEntry = Extract<ServiceEntry, { kind: "models" }>;

/** The service that serves model files as they are: one API for each model, its tensors by name in and out. */
export async function zeroCodeService(entry: ModelsEntry): Promise<Service> {
  const apis = new Map<string, ApiCode>();
  const inputs = [];
  for (const [name, path] of Object.entries(entry.models)) {
    const info = await readOnnxFile(path);
    const { leftOut } = assertServable(info);
    const left = new Set(leftOut.map((output) => output.name));
    const input = tensors(shapesOf(info.inputs));
    const output = tensors(shapesOf(info.outputs.filter((value) => !left.has(value.name))));
    const model = onnx(path);
    apis.set(name, {
      input,
      output,
      engine: model.engine,
      invoke: (feeds, ctx) =>
        model.run(feeds as NamedTensors, { [CANCELLATION]: cancellationOf(ctx), transferFeeds: true }),
    });
    inputs.push({ name, input: input.spec, output: output.spec, summary: `Runs ${basename(path)}` });
  }
  const definition = defineService({ name: entry.name, version: entry.version, apis: inputs });
  const nothing = async (): Promise<void> => undefined;
  return { definition, apis, hooks: { onInit: nothing, onShutdown: nothing, isReady: async () => true } };
}

/** Turns file names into API names: one model answers as `predict`, several by their own names. Throws INVALID_ARGUMENT when two come out alike. */
export function modelApiNames(paths: readonly string[]): Readonly<Record<string, string>> {
  const [only, ...others] = paths;
  if (only !== undefined && others.length === 0) return { predict: only };
  const byName: Record<string, string> = {};
  for (const path of paths) {
    const name = basename(path, extname(path))
      .replace(/[^A-Za-z0-9_]/g, "_")
      .replace(/^(?=[^A-Za-z])/, "m_")
      .slice(0, 63);
    const taken = byName[name];
    if (taken !== undefined)
      throw new ServingError(
        "INVALID_ARGUMENT",
        `${basename(taken)} and ${basename(path)} would both be served as "${name}": rename one`,
      );
    byName[name] = path;
  }
  return byName;
}

function shapesOf(values: readonly OnnxValueInfo[]): TensorsSpec["tensors"] {
  return Object.fromEntries(
    values.map((value) => {
      if (value.dtype === undefined || value.shape === undefined) {
        throw new ServingError(
          "FAILED_PRECONDITION",
          `"${value.name}" has no type or rank in the model file: serve it from a class that names its shape`,
        );
      }
      return [
        value.name,
        { dtype: value.dtype, shape: value.shape.map((size) => (typeof size === "number" ? size : null)) },
      ];
    }),
  );
}
