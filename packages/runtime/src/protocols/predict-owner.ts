import type { ServiceDefinition } from "../definition/types.ts";

/**
 * Whose the path `POST /predict` is: that of an API called `predict`, which may be native and Seldon's alike, is the native API's unless Seldon alone is meant
 * (`seldon: "only"`, as in a Seldon deployment).
 */
export function ownerOfPredict(
  spoken: { readonly native: boolean; readonly seldon: boolean | "only" },
  { apis }: Pick<ServiceDefinition, "apis">,
): "native" | "seldon" {
  if (spoken.seldon === false) return "native";
  if (spoken.seldon === "only" || !spoken.native) return "seldon";
  return apis.some(({ name }) => name === "predict") ? "native" : "seldon";
}
