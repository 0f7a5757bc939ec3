import { ServingError } from "../../errors.ts";
import { assertOutputFits } from "../../problem-list.ts";
import type { JsonSchema, NanPolicy } from "../types.ts";
import type { Checker } from "./check-value.ts";
import { isClosedSchema, withNonFinite } from "./finite-schema.ts";
import { toJsonValue } from "./to-json-value.ts";
import { compileSchema } from "./typebox.ts";

/** Gives the value of an author's result as JSON can carry it. */
export type ToWritable = (value: unknown, nan: NanPolicy) => unknown;

/**
 * Makes the function that checks results against a schema: one pass when the schema leaves no place open.
 *
 * It throws INTERNAL that names the place when a value does not fit, or holds a non-finite number for which the policy has no stand-in.
 */
export function createToWritable(checker: Checker): ToWritable {
  const isClosed = isClosedSchema(checker.schema);
  const fitsOpen = createOpenCheck(checker.schema);
  return (value, nan) => {
    if (fitsSafely(checker, value)) return isClosed ? value : toJsonValue(value, nan);
    if (nan !== "error") {
      const replaced = toJsonValue(value, nan);
      if (replaced !== value && fitsOpen(replaced, nan)) return replaced;
    }
    assertOutputFits(checker.problems(value));
    throw new ServingError("INTERNAL", "the output does not fit its schema");
  };
}

/** A check against the schema with stand-ins for non-finite numbers; compiled when first needed. */
export function createOpenCheck(schema: JsonSchema): (value: unknown, nan: NanPolicy) => boolean {
  const compiled = new Map<NanPolicy, { Check(value: unknown): boolean }>();
  return (value, nan) => {
    const known = compiled.get(nan) ?? compileSchema(withNonFinite(schema, nan));
    compiled.set(nan, known);
    return known.Check(value);
  };
}

function fitsSafely(checker: Checker, value: unknown): boolean {
  try {
    return checker.fits(value);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new ServingError("INTERNAL", "the output is nested without end or too deeply", { cause });
    throw cause;
  }
}
