import { invalidInput, type Problem, ServingError } from "../errors.ts";
import type { IoSpec, JsonSchema, JsonValue, NanPolicy } from "../io/types.ts";
import type { Authorize } from "./access/types.ts";
import { API_DEFAULTS } from "./defaults.ts";
import { apiProblems } from "./api-problems.ts";
import type { ApiDefinition, BatchDefinition, ExampleDefinition, Role, ServiceDefinition } from "./types.ts";

/** One API as its author gives it, its IO types already reduced to their specs. */
export interface ApiInput {
  readonly name: string;
  readonly role?: Role | undefined;
  /** Name (default: the API's) and version (a whole number ≥ 1, default 1) over protocols that serve models. */
  readonly model?: { readonly name?: string | undefined; readonly version?: number | undefined } | undefined;
  readonly default?: boolean | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly input: IoSpec;
  readonly output: IoSpec;
  readonly stream?: boolean | undefined;
  readonly batch?: BatchDefinition | undefined;
  readonly nan?: NanPolicy | undefined;
  readonly timeoutMs?: number | undefined;
  readonly maxBodyBytes?: number | undefined;
  readonly authorize?: Authorize | undefined;
  readonly examples?: readonly ExampleInput[] | undefined;
}

/** A golden example as its author gives it: texts are file paths relative to the service, anything else is the JSON itself. */
export interface ExampleInput {
  readonly name?: string;
  readonly input: JsonValue;
  readonly output?: JsonValue;
  /** Largest allowed |got − expected| of numbers; default 0. */
  readonly tolerance?: number;
}

/** A service as its author gives it. */
export interface ServiceInput {
  readonly name: string;
  readonly version?: string | undefined;
  readonly description?: string | undefined;
  readonly config?: Readonly<Record<string, JsonValue>> | undefined;
  readonly parameters?: JsonSchema | undefined;
  readonly apis: readonly ApiInput[];
}

/**
 * Checks a service and freezes it as plain data: `JSON.parse(JSON.stringify(definition))` deep-equals it.
 *
 * Throws INVALID_ARGUMENT that lists every fault at once: names (service `[a-z][a-z0-9-]*`, API `[A-Za-z][A-Za-z0-9_]*`, ≤ 63 characters, not reserved, no
 * two alike), a version that is not semantic, no API, more than one default, sizes and durations out of range.
 */
export function defineService(input: ServiceInput): ServiceDefinition {
  const problems: Problem[] = [];
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(input.name)) {
    problems.push({
      path: "/name",
      message: `expected a name of a-z, 0-9 and "-", at most 63 characters, got ${JSON.stringify(input.name)}`,
    });
  }
  const version = input.version ?? "0.0.0";
  if (!SEMVER.test(version)) {
    problems.push({
      path: "/version",
      message: `expected a semantic version such as "1.4.0", got ${JSON.stringify(version)}`,
    });
  }
  if (input.apis.length === 0)
    problems.push({
      path: "/apis",
      message: "expected at least one API: decorate a method with @api({ input, output })",
    });
  problems.push(...apiProblems(input.apis));
  if (problems.length > 0) throw describe(input.name, problems);

  const predictions = input.apis.filter(({ role = "predict" }) => role === "predict");
  const definition: ServiceDefinition = {
    formatVersion: 1,
    name: input.name,
    version,
    description: input.description ?? "",
    apis: input.apis.map((api) => toApiDefinition(api, predictions.length === 1 && api === predictions[0])),
    config: input.config ?? {},
    parameters: input.parameters ?? null,
  };
  return freezeJson(definition, "");
}

// The grammar of semver.org, without its optional capture groups.
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

function toApiDefinition(api: ApiInput, only: boolean): ApiDefinition {
  return {
    name: api.name,
    role: api.role ?? "predict",
    model: { name: api.model?.name ?? api.name, version: String(api.model?.version ?? 1) },
    default: api.default ?? only,
    summary: api.summary ?? "",
    description: api.description ?? "",
    input: api.input,
    output: api.output,
    stream: api.stream ?? false,
    batch: api.batch === undefined ? null : { maxSize: api.batch.maxSize, maxLatencyMs: api.batch.maxLatencyMs },
    nan: api.nan ?? API_DEFAULTS.nan,
    timeoutMs: api.timeoutMs ?? null,
    maxBodyBytes: api.maxBodyBytes ?? null,
    authorize: api.authorize ?? null,
    examples: (api.examples ?? []).map(toExample),
  };
}

function toExample(example: ExampleInput, index: number): ExampleDefinition {
  return {
    name: example.name ?? `example ${index + 1}`,
    input: toExampleValue(example.input),
    output: example.output === undefined ? null : toExampleValue(example.output),
    tolerance: example.tolerance ?? API_DEFAULTS.exampleTolerance,
  };
}

function toExampleValue(value: JsonValue): ExampleDefinition["input"] {
  return typeof value === "string" ? { file: value } : { json: value };
}

function describe(name: string, problems: readonly Problem[]): ServingError {
  const lines = problems.map((problem) => `  ${problem.path}: ${problem.message}`).join("\n");
  const error = invalidInput(problems);
  return new ServingError("INVALID_ARGUMENT", `service "${name}" can't be defined:\n${lines}`, {
    problems: error.problems,
  });
}

/** Copies and freezes JSON data; throws INVALID_ARGUMENT for anything that JSON would lose or change. */
function freezeJson<T>(value: T, path: string): T {
  return copyJson(value, path) as T;
}

function copyJson(value: unknown, path: string): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item, index) => copyJson(item, `${path}/${index}`)));
  if (typeof value === "object") {
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      Object.defineProperty(copy, key, { value: copyJson(item, `${path}/${key}`), enumerable: true });
    }
    return Object.freeze(copy);
  }
  throw new ServingError(
    "INVALID_ARGUMENT",
    `${path}: expected JSON data, got ${typeof value === "number" ? String(value) : typeof value}`,
  );
}
