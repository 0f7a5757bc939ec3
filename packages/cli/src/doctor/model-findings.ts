import type { Finding } from "@bento-ts/runtime/server";
import { INSTALL_COMMAND } from "@bento-ts/runtime/tensorflow";
import type { DescribedService } from "../target/describe-service.ts";
import type { NativeTensorFlowState } from "./native-tensorflow.ts";

/** What keeps a service's models from being loaded here: those that need the native TensorFlow where it is missing or damaged. */
export async function modelFindings(
  described: Pick<DescribedService, "namedModels">,
  { state, dir, message }: NativeTensorFlowState,
): Promise<readonly Finding[]> {
  if (state === "ready") return [];
  const why =
    state === "missing"
      ? `needs the native TensorFlow, which is not installed in ${dir}: run "${INSTALL_COMMAND}", once for all projects of a user`
      : `can't be loaded: ${message}`;
  try {
    const models = await described.namedModels();
    return models.filter(isSavedModel).map(({ source }) => ({
      level: "problem",
      key: "models",
      message: `the SavedModel "${source}" ${why}`,
    }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return [{ level: "warning", key: "models", message: `which models it has is not known: ${reason}` }];
  }
}

/** TF.js models, which are named by their JSON file, run without it. */
function isSavedModel({ source, engine }: { readonly source: string; readonly engine: string }): boolean {
  return engine === "tensorflow" && !source.endsWith(".json");
}
