import type { ApiDefinition, Role, ServiceDefinition } from "../../definition/types.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { ServingError } from "../../errors.ts";
import { type IoTensorInfo, tensorInfosOf } from "../../io/tensor-infos.ts";
import { quote } from "../../describe-value.ts";

/** One version of one model, as protocols that serve models show an API. */
export interface ServedModel {
  readonly name: string;
  /** A whole number ≥ 1 as text. */
  readonly version: string;
  readonly api: ApiDefinition;
  readonly inputs: readonly IoTensorInfo[];
  readonly outputs: readonly IoTensorInfo[];
}

/** The models of a service by name and version. */
export interface ModelTable {
  /** Names under which models answer: that of each model, and the second name of the default one. */
  readonly names: readonly string[];
  /** Each version of each model once, under its own name. */
  readonly models: readonly ServedModel[];
  /** The versions of a model, the highest first. Throws NOT_FOUND for an unknown name. */
  versionsOf(name: string): readonly ServedModel[];
  /** One version; the highest where `version` is undefined or empty. Throws NOT_FOUND for an unknown name or version. */
  find(name: string, version?: string): ServedModel;
}

/**
 * Makes the table of a service: each API with the role `predict` that answers at once (no stream) is a version of a model; the default API also answers under
 * `secondName`, the service's own name unless the platform chose another.
 */
export function createModelTable(
  definition: ServiceDefinition,
  { secondName = definition.name, role = "predict" }: { readonly secondName?: string; readonly role?: Role } = {},
): ModelTable {
  const models = definition.apis.filter((api) => api.role === role && !api.stream).map(toServedModel);
  const byName = new Map<string, ServedModel[]>();
  for (const model of models) byName.set(model.name, [...(byName.get(model.name) ?? []), model]);
  for (const versions of byName.values()) versions.sort((a, b) => Number(b.version) - Number(a.version));
  const preferred = models.find(({ api }) => api.default);
  const alias = preferred === undefined ? undefined : byName.get(preferred.name);
  if (alias !== undefined && !byName.has(secondName)) byName.set(secondName, alias);
  const versionsOf = (name: string): readonly ServedModel[] => {
    const versions = byName.get(name);
    if (versions !== undefined) return versions;
    throw new ServingError(
      "NOT_FOUND",
      `unknown model ${quote(name)}${didYouMean(name, byName.keys()) || knownNames(byName.keys())}`,
    );
  };
  return {
    names: [...byName.keys()],
    models,
    versionsOf,
    find: (name, version) => {
      const versions = versionsOf(name);
      const found =
        version === undefined || version === "" ? versions[0] : versions.find((model) => model.version === version);
      if (found !== undefined) return found;
      const known = versions.map((model) => model.version).join(", ");
      throw new ServingError(
        "NOT_FOUND",
        `model ${quote(name)} has no version ${quote(version ?? "")}, it has ${known}`,
      );
    },
  };
}

function toServedModel(api: ApiDefinition): ServedModel {
  return {
    ...api.model,
    api,
    inputs: tensorInfosOf(api.input, "input"),
    outputs: tensorInfosOf(api.output, "output"),
  };
}

/** Names a caller may choose from, a few at the most. */
function knownNames(names: Iterable<string>): string {
  const shown = [...names].slice(0, 10).map(quote).join(", ");
  return shown === "" ? ": this service has none" : `: there is ${shown}`;
}
