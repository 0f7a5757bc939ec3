import type { TLocalizedValidationError } from "typebox/error";
import { describeValue, quote } from "../../describe-value.ts";
import type { Problem } from "../../errors.ts";
import { addProblem, childPath, createProblemList, type ProblemList } from "../../problem-list.ts";

/** Allowed values that a message lists. */
const MAX_LISTED = 10;

/** Says in our words what a validator found, one fault for each place. */
export function describeSchemaErrors(errors: readonly TLocalizedValidationError[], value: unknown): ProblemList {
  const problems = createProblemList();
  const seen = new Set<string>();
  for (const error of withoutBranches(errors)) {
    for (const problem of describe(error, errors, value)) {
      const key = `${problem.path}\n${problem.message}`;
      if (seen.has(key)) continue;
      seen.add(key);
      addProblem(problems, () => problem);
    }
  }
  return problems;
}

type Raw = TLocalizedValidationError;

/** Drops what single branches of a union say, and "schema is false" where the refused fields are named anyway. */
function withoutBranches(errors: readonly Raw[]): Raw[] {
  const unions = errors.filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf");
  return errors.filter(
    (error) =>
      !unions.some((union) => isBranchOf(error, union)) &&
      !(
        error.keyword === "boolean" &&
        errors.some(
          (other) => other.keyword === "additionalProperties" && error.instancePath.startsWith(other.instancePath),
        )
      ),
  );
}

function isBranchOf(error: Raw, union: Raw): boolean {
  return (
    error.schemaPath.startsWith(`${union.schemaPath}/${union.keyword}/`) &&
    error.instancePath.startsWith(union.instancePath)
  );
}

function describe(error: Raw, errors: readonly Raw[], value: unknown): Problem[] {
  const path = error.instancePath;
  switch (error.keyword) {
    case "required":
      return error.params.requiredProperties.map((name) => ({ path: childPath(path, name), message: "is required" }));
    case "additionalProperties":
      return error.params.additionalProperties.map((name) => ({
        path: childPath(path, name),
        message: "unknown field",
      }));
    case "anyOf":
    case "oneOf":
      return [{ path, message: describeUnion(error, errors, value) }];
    default:
      return [{ path, message: `${describeRule(error)}${got(error, value)}` }];
  }
}

function got(error: Raw, value: unknown): string {
  if (error.keyword === "~refine" || error.keyword === "boolean") return "";
  const found = valueAt(value, error.instancePath);
  const hint =
    typeof found === "number" && !Number.isFinite(found)
      ? '; say what stands for it with nan: "null" or nan: "string"'
      : "";
  return `, got ${describeValue(found)}${hint}`;
}

/** The rule that was broken, as what was expected. */
function describeRule(error: Raw): string {
  switch (error.keyword) {
    case "type":
      return `expected ${[error.params.type].flat().map(nameType).join(" or ")}`;
    case "const":
      return `expected ${describeValue(error.params.allowedValue)}`;
    case "enum":
      return `expected one of ${listValues(error.params.allowedValues)}`;
    case "minimum":
      return `expected at least ${error.params.limit}`;
    case "maximum":
      return `expected at most ${error.params.limit}`;
    case "exclusiveMinimum":
      return `expected more than ${error.params.limit}`;
    case "exclusiveMaximum":
      return `expected less than ${error.params.limit}`;
    case "multipleOf":
      return `expected a multiple of ${error.params.multipleOf}`;
    case "minLength":
      return `expected at least ${error.params.limit} characters`;
    case "maxLength":
      return `expected at most ${error.params.limit} characters`;
    case "minItems":
      return `expected at least ${error.params.limit} items`;
    case "maxItems":
      return `expected at most ${error.params.limit} items`;
    case "uniqueItems":
      return "expected items that all differ";
    case "format":
      return `expected the format ${error.params.format}`;
    case "boolean":
      return "is not allowed";
    default:
      return error.message;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: "a number",
  integer: "a whole number",
  string: "a string",
  boolean: "true or false",
  null: "null",
  array: "a list",
  object: "an object",
};

function nameType(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

function listValues(values: readonly unknown[]): string {
  const shown = values.slice(0, MAX_LISTED).map((value) => (typeof value === "string" ? quote(value) : String(value)));
  return shown.join(", ") + (values.length > MAX_LISTED ? ", …" : "");
}

/** What a union allows: its simple branches joined by "or"; of the others, the first thing that each one misses. */
function describeUnion(union: Raw, errors: readonly Raw[], value: unknown): string {
  const branches = new Map<string, Raw>();
  const prefix = `${union.schemaPath}/${union.keyword}/`;
  for (const error of errors) {
    if (!isBranchOf(error, union)) continue;
    const branch = error.schemaPath.slice(prefix.length).split("/", 1)[0] ?? "";
    if (!branches.has(branch)) branches.set(branch, error);
  }
  const firsts = [...branches.values()];
  const isSimple = firsts.every(
    (error) => error.instancePath === union.instancePath && /^(type|const|enum)$/.test(error.keyword),
  );
  const found = describeValue(valueAt(value, union.instancePath));
  if (firsts.length === 0) return `fits none of the allowed forms, got ${found}`;
  if (isSimple) {
    const rules = firsts.map((error) => describeRule(error).replace(/^expected (one of )?/, ""));
    return `expected ${[...new Set(rules)].join(" or ")}, got ${found}`;
  }
  const reasons = firsts.slice(0, 3).flatMap((error) => describe(error, errors, value).slice(0, 1));
  return `fits none of the allowed forms: ${reasons.map(({ path, message }) => `${path.slice(union.instancePath.length)} ${message}`.trim()).join("; ")}`;
}

/** The value at a JSON Pointer, undefined where there is none; reads own properties only. */
function valueAt(value: unknown, pointer: string): unknown {
  let current = value;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (current === null || typeof current !== "object" || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}
