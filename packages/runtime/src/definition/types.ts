import type { Authorize } from "./access/types.ts";
import type { IoSpec, JsonSchema, JsonValue, NanPolicy } from "../io/types.ts";

/** What an API does in a graph of components; `predict` unless the author says otherwise. Source: Seldon v1's component methods, KServe V1's explain. */
export const ROLES = [
  "predict",
  "explain",
  "transformInput",
  "transformOutput",
  "route",
  "aggregate",
  "feedback",
] as const;

/** One of the roles. */
export type Role = (typeof ROLES)[number];

/** Whether a text names a role. */
export function isRole(name: string): name is Role {
  return ROLES.some((role) => role === name);
}

/** A golden example: an input and the output it must give, as files relative to the service or as JSON. */
export interface ExampleDefinition {
  readonly name: string;
  readonly input: ExampleValue;
  readonly output: ExampleValue | null;
  /** Largest allowed |got − expected| of numbers. */
  readonly tolerance: number;
}

export type ExampleValue = { readonly file: string } | { readonly json: JsonValue };

/** How calls of an API are joined: their rows go to its method together. */
export interface BatchDefinition {
  /** Most rows that the method gets at once, but for an input that can't be split. */
  readonly maxSize: number;
  /** Longest time for which a call waits for others while the method does not run. */
  readonly maxLatencyMs: number;
}

/** One API as plain data. */
export interface ApiDefinition {
  readonly name: string;
  readonly role: Role;
  /** The model that it is over V1, V2 and TensorFlow Serving; two APIs with one name and two versions are two versions of a model. */
  readonly model: { readonly name: string; /** A whole number ≥ 1 as text. */ readonly version: string };
  /** Whether it answers for the service's own name over tensor protocols. */
  readonly default: boolean;
  readonly summary: string;
  readonly description: string;
  readonly input: IoSpec;
  readonly output: IoSpec;
  /** Whether it answers with a stream of outputs. */
  readonly stream: boolean;
  /** null for an API whose method takes one call at a time. */
  readonly batch: BatchDefinition | null;
  readonly nan: NanPolicy;
  /** Longest time of one call, null for the server's own limit. */
  readonly timeoutMs: number | null;
  /** Largest body in bytes, null for the server's own limits. */
  readonly maxBodyBytes: number | null;
  /** Who may call by its author's rules; "public" for everybody, where the platform lets authors say so; null for whoever the platform lets in. */
  readonly authorize: Authorize | null;
  readonly examples: readonly ExampleDefinition[];
}

/** A service as plain data: frozen, and equal to what JSON makes of it. */
export interface ServiceDefinition {
  readonly formatVersion: 1;
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  readonly apis: readonly ApiDefinition[];
  /** Configuration that the author gave in `@service({ config })`, the lowest layer but the defaults. */
  readonly config: Readonly<Record<string, JsonValue>>;
  /** JSON Schema of the constructor's argument, an object; null for a class without one. */
  readonly parameters: JsonSchema | null;
}
