import { isList, isSchema } from "./json/json-schema.ts";
import { bigIntegerSchema, floatSchema } from "./number-schema.ts";
import type { ColumnSpec, ColumnType, DataFrameSpec, JsonSchema, JsonValue, NanPolicy } from "./types.ts";

/** The JSON Schema of a data frame: as an output its orientation, as an input all of them, the most readable one first. */
export function frameSchema(spec: DataFrameSpec, direction: "input" | "output", nan: NanPolicy): JsonSchema {
  const parts = partsOf(spec, direction, nan);
  if (direction === "output") return underKey(spec, FORMS[spec.orient](parts), false);
  const forms = [FORMS.records(parts), FORMS.split(parts), FORMS.columns(parts)];
  return { anyOf: [underKey(spec, { anyOf: forms }, parts.open), { ...FORMS.records(parts), title: "bare records" }] };
}

interface FrameSchemaParts {
  /** Schema of a cell of each column. */
  readonly cells: readonly (readonly [name: string, cell: JsonSchema])[];
  readonly required: readonly string[];
  /** Whether names that are not declared, or are in another letter case, may come. */
  readonly open: boolean;
  readonly ignoreCase: boolean;
  readonly rows: JsonSchema;
}

function partsOf(spec: DataFrameSpec, direction: "input" | "output", nan: NanPolicy): FrameSchemaParts {
  const columns = Object.entries(spec.columns);
  const isInput = direction === "input";
  const ignoreCase = isInput && spec.case === "ignore";
  return {
    cells: columns.map(([name, column]) => [name, cellSchema(column, direction, nan)]),
    // JSON Schema can't say "in any letter case": under that rule names are told, not demanded.
    required: ignoreCase
      ? []
      : columns.filter(([, column]) => column.nullable !== true || !isInput).map(([name]) => name),
    open: isInput && (spec.extra === "ignore" || ignoreCase),
    ignoreCase,
    rows: isInput ? { minItems: spec.minRows, ...(spec.maxRows === null ? {} : { maxItems: spec.maxRows }) } : {},
  };
}

function underKey({ key }: DataFrameSpec, frame: JsonSchema, open: boolean): JsonSchema {
  return { type: "object", properties: { [key]: frame }, required: [key], additionalProperties: open };
}

const FORMS = {
  records: (parts) => ({
    title: "records",
    description: "One object for each row.",
    type: "array",
    items: named(parts, (cell) => cell),
    ...parts.rows,
  }),
  split: ({ cells, open, rows }) => ({
    title: "split",
    description: "Names once, then one list of cells for each row.",
    type: "object",
    properties: {
      columns: { type: "array", items: nameSchema(open ? undefined : cells.map(([name]) => name)) },
      data: { type: "array", items: { type: "array", items: {} }, ...rows },
      index: { description: "Row labels, which are not read.", type: "array", items: {} },
    },
    required: ["columns", "data"],
  }),
  columns: (parts) => ({
    title: "columns",
    description: "One list of cells for each column.",
    ...named(parts, (cell) => ({ type: "array", items: cell, ...parts.rows })),
  }),
} as const satisfies Record<DataFrameSpec["orient"], (parts: FrameSchemaParts) => JsonSchema>;

function nameSchema(allowed: readonly string[] | undefined): JsonSchema {
  return allowed === undefined ? { type: "string" } : { enum: allowed };
}

function named(
  { cells, required, open, ignoreCase }: FrameSchemaParts,
  schemaOf: (cell: JsonSchema) => JsonSchema,
): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(cells.map(([name, cell]) => [name, schemaOf(cell)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: open,
    ...(ignoreCase ? { $comment: "Letter case of names does not count." } : {}),
  };
}

const CELL_TYPES = {
  float64: { type: "number", format: "double" },
  float32: { type: "number", format: "float" },
  int32: { type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 },
  int64: { type: "integer", format: "int64" },
  bool: { type: "boolean" },
  string: { type: "string" },
} as const satisfies Record<ColumnType, JsonSchema>;

function cellSchema(column: ColumnSpec, direction: "input" | "output", nan: NanPolicy): JsonSchema {
  const schema: Record<string, JsonValue> = { ...CELL_TYPES[column.type] };
  if (column.min !== undefined) schema["minimum"] = column.min;
  if (column.max !== undefined) schema["maximum"] = column.max;
  if (column.maxLength !== undefined) schema["maxLength"] = column.maxLength;
  if (column.enum !== undefined) schema["enum"] = column.enum;
  const cell = addForms(column, schema, direction, nan);
  return withDescription(column, column.nullable === true ? orNull(cell) : cell);
}

/** Other forms of the same value: stand-ins for non-finite numbers, digits as text. */
function addForms({ type }: ColumnSpec, schema: JsonSchema, direction: "input" | "output", nan: NanPolicy): JsonSchema {
  if (type === "float64" || type === "float32") return floatSchema(schema, nan);
  return type === "int64" ? bigIntegerSchema(schema, direction) : schema;
}

function withDescription({ description }: ColumnSpec, schema: JsonSchema): JsonSchema {
  return description === undefined ? schema : { ...schema, description };
}

function orNull(schema: JsonSchema): JsonSchema {
  const { anyOf } = schema;
  const forms: readonly JsonValue[] = isList(anyOf) ? anyOf : [schema];
  const isNullable = forms.some((form) => isSchema(form) && form["type"] === "null");
  return { anyOf: isNullable ? forms : [...forms, { type: "null" }] };
}
