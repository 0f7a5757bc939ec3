import type { ServiceDefinition } from "../../definition/types.ts";
import { quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { createModelTable, type ServedModel } from "../served-models/model-table.ts";

/** Gives the API that explains a model. Throws UNIMPLEMENTED for a model without one. */
export type FindExplanation = (model: ServedModel) => ServedModel;

/**
 * Makes the look-up of explanations: an API with the role `explain` belongs to the model whose name it has, one that has the name of none to the default model.
 *
 * Of several versions that of the model counts; the only one explains all versions.
 */
export function createExplanations(definition: ServiceDefinition): FindExplanation {
  const { models } = createModelTable(definition);
  const explanations = createModelTable(definition, { role: "explain" }).models;
  const names = new Set(models.map(({ name }) => name));
  return (model) => {
    const own = explanations.filter(({ name }) => name === model.name || (model.api.default && !names.has(name)));
    const [only, ...others] = own;
    const found = own.find(({ version }) => version === model.version) ?? (others.length === 0 ? only : undefined);
    if (found !== undefined) return found;
    throw new ServingError(
      "UNIMPLEMENTED",
      `model ${quote(model.name)} has no explanation: it takes an API with role "explain" and model: { name: ${quote(model.name)} }`,
    );
  };
}
