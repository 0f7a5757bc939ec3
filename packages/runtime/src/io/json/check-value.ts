import type { TLocalizedValidationError } from "typebox/error";
import { ServingError } from "../../errors.ts";
import { assertNoProblems, type ProblemList } from "../../problem-list.ts";
import type { JsonSchema } from "../types.ts";
import { describeSchemaErrors } from "./schema-errors.ts";
import { createThinner } from "./thin-value.ts";
import { Settings } from "./typebox.ts";

/** Checks values against one schema. */
export interface Checker {
  readonly schema: JsonSchema;
  fits(value: unknown): boolean;
  /** Gives the value back when it fits; throws INVALID_ARGUMENT with the faults by place. Bigints of exact parsing count as the numbers they are. */
  accept(value: unknown): unknown;
  /** The faults of a value that does not fit. */
  problems(value: unknown): ProblemList;
}

/** The parts of a compiled TypeBox validator that a checker uses. */
export interface CompiledSchema {
  readonly schema: JsonSchema;
  fits(value: unknown): boolean;
  errors(value: unknown): readonly TLocalizedValidationError[];
}

// Each branch of a union takes a few: enough raw errors for 20 described ones.
const MAX_RAW_ERRORS = 60;

/** Makes a checker of a compiled schema. */
export function createChecker(compiled: CompiledSchema): Checker {
  const thin = createThinner(compiled.schema);
  const problems = (value: unknown): ProblemList => {
    const errors = collectErrors(compiled, thin(value));
    // Conditions that the JSON Schema does not tell (t.Refine) are found on the whole value only.
    return describeSchemaErrors(errors.length > 0 ? errors : collectErrors(compiled, value), value);
  };
  return {
    schema: compiled.schema,
    fits: compiled.fits,
    problems,
    accept(value) {
      try {
        if (compiled.fits(value)) return value;
        const plain = holdsBigint(value) ? withoutBigints(value) : value;
        if (plain !== value && compiled.fits(plain)) return plain;
        assertNoProblems(problems(plain));
      } catch (cause) {
        if (cause instanceof RangeError)
          throw new ServingError("INVALID_ARGUMENT", "the input is nested too deeply", { cause });
        throw cause;
      }
      throw new ServingError("INVALID_ARGUMENT", "the input does not fit its schema");
    },
  };
}

function collectErrors(compiled: CompiledSchema, value: unknown): readonly TLocalizedValidationError[] {
  // The limit is a setting of the whole library; nothing else runs before it is put back.
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MAX_RAW_ERRORS });
  try {
    return compiled.errors(value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** Whether there is anything to replace: looking costs a fifth of copying. */
function holdsBigint(value: unknown): boolean {
  if (value === null || typeof value !== "object") return typeof value === "bigint";
  if (Array.isArray(value)) return value.some(holdsBigint);
  for (const key in value) if (holdsBigint(Reflect.get(value, key))) return true;
  return false;
}

/** A copy with numbers in place of bigints, which a body with an int64 field elsewhere brings; the value itself when it holds none. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const items = value.map(withoutBigints);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value).map(([key, item]) => [key, item, withoutBigints(item)] as const);
  return entries.some(([, item, plain]) => item !== plain)
    ? Object.fromEntries(entries.map(([key, , plain]) => [key, plain]))
    : value;
}
