import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createModelStore, isTag, modelStoreDir } from "@bento-ts/runtime/models-store";
import type { Finding } from "@bento-ts/runtime/server";
import { INSTALL_COMMAND, isTfjsFile, WASM_COMMAND } from "@bento-ts/runtime/tensorflow";
import type { DescribedService } from "../target/describe-service.ts";
import type { NativeTensorFlowState } from "./native-tensorflow.ts";

/** What keeps a service's models from being loaded here, or slows them down: those that need the native TensorFlow where it is missing or damaged. */
export async function modelFindings(
  described: Pick<DescribedService, "namedModels" | "baseDir">,
  { state, dir, message }: NativeTensorFlowState,
): Promise<readonly Finding[]> {
  if (state === "ready") return [];
  const why =
    state === "missing"
      ? `needs the native TensorFlow, which is not installed in ${dir}: run "${INSTALL_COMMAND}", once for all projects of a user`
      : `can't be loaded: ${message}`;
  try {
    const models = (await described.namedModels()).filter(({ engine }) => engine === "tensorflow");
    return await Promise.all(
      models.map(async ({ source, path }): Promise<Finding> => {
        const isTfjs = await isTfjsModel(path ?? source, described.baseDir);
        if (isTfjs && state === "missing") return { level: "warning", key: "models", message: inWasm(source) };
        return {
          level: "problem",
          key: "models",
          message: `the ${isTfjs ? "TF.js model" : "SavedModel"} "${source}" ${why}`,
        };
      }),
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return [{ level: "warning", key: "models", message: `which models it has is not known: ${reason}` }];
  }
}

function inWasm(source: string): string {
  return `the TF.js model "${source}" is computed by WebAssembly, which takes longer, and only where the project has it ("${WASM_COMMAND}"): run "${INSTALL_COMMAND}" for the native TensorFlow`;
}

/** By the path, or what stands there; a model that is not there is taken for a SavedModel, which needs more. */
async function isTfjsModel(source: string, baseDir: string): Promise<boolean> {
  if (isTag(source)) {
    const stored = await createModelStore(modelStoreDir())
      .get(source)
      .catch(() => undefined);
    return stored?.format === "tfjs";
  }
  const folder = resolve(baseDir, source);
  return isTfjsFile(source) || (existsSync(join(folder, "model.json")) && !existsSync(join(folder, "saved_model.pb")));
}
