import { nearestName } from "../../did-you-mean.ts";
import { ServingError } from "../../errors.ts";
import { formatTensorInfos } from "../feeds.ts";
import { toServable } from "./servable-signature.ts";
import type { SavedModelInfo, SavedModelSignature } from "./types.ts";

/** The signature that TensorFlow's exporters write when the author names none. */
const DEFAULT_SIGNATURE = "serving_default";

/**
 * The signature that is meant: the one that was named, else `serving_default`, else the only one.
 *
 * Throws FAILED_PRECONDITION, with a list of all signatures, where there is no such one or none is clear.
 */
export function chooseSignature({ signatures }: SavedModelInfo, wanted: string | undefined): SavedModelSignature {
  const name = wanted ?? (signatures.length === 1 ? signatures[0]?.name : DEFAULT_SIGNATURE);
  const found = signatures.find((signature) => signature.name === name);
  if (found !== undefined) return found;
  const meant =
    wanted === undefined
      ? undefined
      : nearestName(
          wanted,
          signatures.map((signature) => signature.name),
        );
  const fault =
    wanted === undefined
      ? `expected one signature or "${DEFAULT_SIGNATURE}" among several: choose one by the option "signature"`
      : `unknown signature "${wanted}"${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`;
  throw new ServingError("FAILED_PRECONDITION", `${fault}; the model has ${listed(signatures)}`);
}

function listed(signatures: readonly SavedModelSignature[]): string {
  if (signatures.length === 0) return "none: export it with signatures=";
  return signatures
    .map(({ name, inputs }) => {
      const servable = inputs.flatMap(toServable);
      return `"${name}" (takes ${servable.length === 0 ? "nothing" : formatTensorInfos(servable)})`;
    })
    .join(", ");
}
