import type { ServiceDefinition } from "../../definition/types.ts";

/** A path of a route with its parameters filled in: the model that answers for the whole service, its version, a page of the documentation. */
export function samplePath(
  { id, method, path }: { readonly id: string; readonly method: string; readonly path: string },
  { definition }: { readonly definition: ServiceDefinition },
): string {
  const api = definition.apis.find((one) => one.default) ?? definition.apis[0];
  const { name = "model", version = "1" } = api?.model ?? {};
  const values: Readonly<Record<string, string>> = { model: name, version, label: "stable" };
  const filled = path
    .replace(/:(\w+)/g, (_, key: string) => values[key] ?? name)
    .replace(/\*$/, "static/swagger-ui.css");
  // The last segment carries what is to be done with the model.
  return method === "POST" && id.startsWith("kserveV1.") ? `${filled}:predict` : filled;
}
