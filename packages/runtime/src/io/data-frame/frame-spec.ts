import { describeValue, quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { assertOptions } from "../assert-options.ts";
import type { ColumnSpec, ColumnType, DataFrameSpec } from "../types.ts";
import type { ColumnsInput, DataFrameOptions } from "./frame-types.ts";

/** What a data frame is unless its author says otherwise. */
const DEFAULTS = {
  /** The name that R and Python users give their data. */
  key: "df",
  /** Models tell apart "a" and "A". */
  case: "exact",
  /** A column nobody asked for is most often a misspelt one that is missing. */
  extra: "error",
  orient: "records",
  /** No rows give no predictions: a script that sends none should not fail. */
  minRows: 0,
} as const;

const CHOICES = {
  case: ["exact", "ignore"],
  extra: ["error", "ignore"],
  orient: ["records", "split", "columns"],
} as const;

/** Which rules a column of each type may have. */
const RULES = {
  float64: ["min", "max", "enum"],
  float32: ["min", "max", "enum"],
  int32: ["min", "max", "enum"],
  int64: ["min", "max", "enum"],
  bool: [],
  string: ["maxLength", "enum"],
} as const satisfies Record<ColumnType, readonly (keyof ColumnSpec)[]>;

/** Checks what an author says of a data frame and gives it as frozen plain data. Throws INVALID_ARGUMENT for what means nothing. */
export function defineFrame(options: DataFrameOptions<ColumnsInput>): DataFrameSpec {
  assertOptions("dataFrame", options, ["key", "columns", "case", "extra", "orient", "minRows", "maxRows"]);
  const { key = DEFAULTS.key, minRows = DEFAULTS.minRows, maxRows = null } = options;
  if (typeof key !== "string" || key === "") throw refuse("key", "a field name", key);
  if (!isCount(minRows)) throw refuse("minRows", "a whole number ≥ 0", minRows);
  if (maxRows !== null && !(isCount(maxRows) && maxRows >= minRows))
    throw refuse("maxRows", `a whole number ≥ ${minRows}`, maxRows);
  const spec: DataFrameSpec = {
    kind: "dataFrame",
    key,
    columns: defineColumns(options.columns),
    case: choose("case", options.case),
    extra: choose("extra", options.extra),
    orient: choose("orient", options.orient),
    minRows,
    maxRows,
  };
  if (spec.case === "ignore") assertDistinct(Object.keys(spec.columns));
  return Object.freeze(spec);
}

function choose<K extends keyof typeof CHOICES>(
  option: K,
  value: (typeof CHOICES)[K][number] = DEFAULTS[option],
): (typeof CHOICES)[K][number] {
  const allowed: readonly string[] = CHOICES[option];
  if (!allowed.includes(value)) throw refuse(option, allowed.map(quote).join(" or "), value);
  return value;
}

function defineColumns(columns: unknown): Readonly<Record<string, ColumnSpec>> {
  if (typeof columns !== "object" || columns === null || Object.keys(columns).length === 0) {
    throw refuse("columns", 'at least one column such as { RM: "float64" }', columns);
  }
  const entries = Object.entries(columns).map(([name, column]: [string, unknown]) => {
    // No object literal can hold it as a plain key, neither a caller's record nor the author's.
    if (name === "__proto__")
      throw new ServingError("INVALID_ARGUMENT", 'dataFrame: no column can be named "__proto__"');
    return [name, defineColumn(`columns.${name}`, column)] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

function defineColumn(place: string, column: unknown): ColumnSpec {
  const spec = typeof column === "string" ? { type: column } : column;
  if (typeof spec !== "object" || spec === null || !("type" in spec) || !isColumnType(spec.type)) {
    const got = typeof spec === "object" && spec !== null && "type" in spec ? spec.type : column;
    throw refuse(place, `a type of ${Object.keys(RULES).join(", ")}`, got);
  }
  assertOptions(`dataFrame: ${place} (${spec.type})`, spec, ["type", "nullable", "description", ...RULES[spec.type]]);
  const checked = spec as ColumnSpec;
  for (const rule of ["min", "max"] as const) {
    if (checked[rule] !== undefined && !Number.isFinite(checked[rule]))
      throw refuse(`${place}.${rule}`, "a finite number", checked[rule]);
  }
  if (checked.min !== undefined && checked.max !== undefined && checked.max < checked.min) {
    throw refuse(`${place}.max`, `a number ≥ ${checked.min}`, checked.max);
  }
  if (checked.maxLength !== undefined && !isCount(checked.maxLength))
    throw refuse(`${place}.maxLength`, "a whole number ≥ 0", checked.maxLength);
  if (checked.nullable !== undefined && typeof checked.nullable !== "boolean")
    throw refuse(`${place}.nullable`, "true or false", checked.nullable);
  const wanted = checked.type === "string" ? "string" : "number";
  if (
    checked.enum !== undefined &&
    !(Array.isArray(checked.enum) && checked.enum.length > 0 && checked.enum.every((item) => typeof item === wanted))
  ) {
    throw refuse(`${place}.enum`, `a list of at least one ${wanted}`, checked.enum);
  }
  return Object.freeze({
    ...checked,
    ...(checked.enum === undefined ? {} : { enum: Object.freeze([...checked.enum]) }),
  });
}

function isColumnType(value: unknown): value is ColumnType {
  return typeof value === "string" && Object.hasOwn(RULES, value);
}

function assertDistinct(names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) {
      throw new ServingError(
        "INVALID_ARGUMENT",
        `dataFrame: columns "${other}" and "${name}" are one column when letter case is ignored`,
      );
    }
    seen.set(name.toLowerCase(), name);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function refuse(option: string, expected: string, got: unknown): ServingError {
  return new ServingError("INVALID_ARGUMENT", `dataFrame: ${option}: expected ${expected}, got ${describeValue(got)}`);
}
