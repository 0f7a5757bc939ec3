import { ServingError } from "../errors.ts";

/** Throws INVALID_ARGUMENT for options of an IO type that mean nothing; authors of plain JavaScript have no compiler to tell them. */
export function assertOptions(type: string, options: object, known: readonly string[]): void {
  const unknown =
    typeof options === "object" && options !== null
      ? Object.keys(options).filter((name) => !known.includes(name))
      : undefined;
  if (unknown === undefined)
    throw new ServingError("INVALID_ARGUMENT", `${type}: expected options { ${known.join(", ")} }`);
  if (unknown.length > 0)
    throw new ServingError(
      "INVALID_ARGUMENT",
      `${type}: unknown option ${unknown.join(", ")}, expected ${known.join(", ")}`,
    );
}
