import { quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import type { ModelTable, ServedModel } from "../served-models/model-table.ts";

/** Which version of which model a caller means: at most one of version and label. */
export interface ModelChoice {
  readonly name: string;
  readonly version?: string | undefined;
  readonly label?: string | undefined;
}

/** Labels of the highest version. */
const LABELS: readonly string[] = ["stable", "latest"];

/** The model that is meant; without a version and a label the highest version. Throws NOT_FOUND for an unknown model, version or label. */
export function findModel(models: ModelTable, { name, version, label }: ModelChoice): ServedModel {
  if (label === undefined || LABELS.includes(label)) return models.find(name, version);
  // An unknown model is said first.
  models.versionsOf(name);
  throw new ServingError("NOT_FOUND", `model ${quote(name)} has no label ${quote(label)}, it has ${LABELS.join(", ")}`);
}
