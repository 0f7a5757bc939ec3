import { type DType, DTYPES } from "../tensor/dtype.ts";
import { bigIntegerSchema, floatSchema } from "./number-schema.ts";
import type { JsonSchema, NanPolicy } from "./types.ts";

/** The JSON Schema of a tensor as nested lists: a list for each axis, whose length is fixed where the size is. */
export function nestedSchema(
  dtype: DType,
  shape: readonly (number | null)[],
  direction: "input" | "output",
  nan: NanPolicy,
): JsonSchema {
  return shape.reduceRight<JsonSchema>(
    (items, size) => ({ type: "array", items, ...(size === null ? {} : { minItems: size, maxItems: size }) }),
    elementSchema(dtype, direction, nan),
  );
}

function elementSchema(dtype: DType, direction: "input" | "output", nan: NanPolicy): JsonSchema {
  const row = DTYPES[dtype];
  switch (row.kind) {
    case "bool":
      return { type: "boolean" };
    case "string":
      return { type: "string" };
    case "bigint":
      // No range: a reader that counts in doubles would round its ends.
      return bigIntegerSchema({ type: "integer", format: dtype, description: "Exact to 64 bits." }, direction);
    case "int":
      return { type: "integer", minimum: row.min, maximum: row.max };
    case "float":
      return floatSchema({ type: "number", format: dtype === "float64" ? "double" : "float" }, nan);
  }
}
