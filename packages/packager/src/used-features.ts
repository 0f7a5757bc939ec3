import type { BentoModel, ServiceDefinition } from "@bento-ts/runtime/definition";
import type { UsedFeatures } from "./dependencies/package-rules.ts";

/** What a service uses of the runtime's heavy parts, by its models and its inputs and outputs. */
export function usedFeatures(
  definition: ServiceDefinition,
  models: readonly Pick<BentoModel, "engine">[],
): UsedFeatures {
  return {
    onnx: models.some(({ engine }) => engine === "onnx"),
    image: definition.apis.some(({ input, output }) => holdsImage(input) || holdsImage(output)),
  };
}

/** Whether a specification is a picture's, or holds one at any depth. */
function holdsImage(spec: unknown): boolean {
  if (spec === null || typeof spec !== "object") return false;
  return ("kind" in spec && spec.kind === "image") || Object.values(spec).some(holdsImage);
}
