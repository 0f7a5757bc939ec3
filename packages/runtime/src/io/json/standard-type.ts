import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { describeValue } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import {
  addProblem,
  assertNoProblems,
  assertOutputFits,
  childPath,
  createProblemList,
  type ProblemList,
} from "../../problem-list.ts";
import type { IoType, JsonSchema, JsonSpec, NanPolicy } from "../types.ts";
import { readJsonPayload, writeJsonPayload } from "./json-payload.ts";
import { toJsonSchema } from "./json-schema.ts";
import { toJsonValue } from "./to-json-value.ts";
import { createOpenCheck } from "./writable-value.ts";

/** Whether a value is a schema of any library that follows Standard Schema v1, such as zod. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if (value === null || (typeof value !== "object" && typeof value !== "function") || !("~standard" in value))
    return false;
  const standard: unknown = value["~standard"];
  return (
    typeof standard === "object" &&
    standard !== null &&
    "validate" in standard &&
    typeof standard.validate === "function"
  );
}

/**
 * The IO type of a Standard Schema: what is read and what is written goes through the schema, with its defaults and conversions.
 *
 * Its JSON Schema is that of the side on which it stands. Throws INVALID_ARGUMENT when the library yields none for it.
 * Source: standardschema.dev, Standard Schema v1 and Standard JSON Schema v1.
 */
export function standardType<S extends StandardSchemaV1>(
  schema: S,
  side: "input" | "output",
): IoType<StandardSchemaV1.InferOutput<S>> {
  const json = jsonSchemaOfSide(schema, side);
  const fitsOpen = createOpenCheck(json);
  return Object.freeze<IoType<StandardSchemaV1.InferOutput<S>>>({
    spec: Object.freeze<JsonSpec>({ kind: "json", schema: json }),
    async read(payload) {
      const result = await validate(schema, readJsonPayload(payload), "INVALID_ARGUMENT");
      if (result.issues === undefined) return result.value as StandardSchemaV1.InferOutput<S>;
      assertNoProblems(describeIssues(result.issues));
      throw new ServingError("INVALID_ARGUMENT", "the input does not fit its schema");
    },
    async write(value, as, { nan }) {
      return writeJsonPayload(await toWritable(schema, fitsOpen, value, nan), as);
    },
  });
}

async function toWritable(
  schema: StandardSchemaV1,
  fitsOpen: (value: unknown, nan: NanPolicy) => boolean,
  value: unknown,
  nan: NanPolicy,
): Promise<unknown> {
  const result = await validate(schema, value, "INTERNAL");
  if (result.issues === undefined) return toJsonValue(result.value, nan);
  if (nan !== "error") {
    const replaced = toJsonValue(value, nan);
    if (replaced !== value && fitsOpen(replaced, nan)) return replaced;
  }
  assertOutputFits(describeIssues(result.issues));
  throw new ServingError("INTERNAL", "the output does not fit its schema");
}

async function validate(
  schema: StandardSchemaV1,
  value: unknown,
  code: "INVALID_ARGUMENT" | "INTERNAL",
): Promise<StandardSchemaV1.Result<unknown>> {
  try {
    return await schema["~standard"].validate(value);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new ServingError(code, "the value is nested without end or too deeply", { cause });
    throw cause;
  }
}

function describeIssues(issues: readonly StandardSchemaV1.Issue[]): ProblemList {
  const problems = createProblemList();
  for (const { path = [], message } of issues) {
    const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment));
    addProblem(problems, () => ({
      path: keys.reduce<string>((above, key) => childPath(above, String(key)), ""),
      message,
    }));
  }
  return problems;
}

function jsonSchemaOfSide(schema: StandardSchemaV1, side: "input" | "output"): JsonSchema {
  const { vendor } = schema["~standard"];
  if (!yieldsJsonSchema(schema)) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `this schema of "${vendor}" can't tell its JSON Schema ("~standard".jsonSchema is missing): use a version of ${vendor} that follows Standard JSON Schema v1 (zod ≥ 4.2 does), or t`,
    );
  }
  try {
    return toJsonSchema(schema["~standard"].jsonSchema[side]({ target: "draft-2020-12" }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : describeValue(cause);
    throw new ServingError(
      "INVALID_ARGUMENT",
      `this schema of "${vendor}" has no JSON Schema as an ${side}: ${reason}`,
      { cause },
    );
  }
}

function yieldsJsonSchema(schema: StandardSchemaV1): schema is StandardSchemaV1 & StandardJSONSchemaV1 {
  const standard: object = schema["~standard"];
  return "jsonSchema" in standard && typeof standard.jsonSchema === "object" && standard.jsonSchema !== null;
}
