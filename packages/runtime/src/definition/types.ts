import type { IoSpec, JsonValue, NanPolicy } from "../io/types.ts";

/** What an API does in a graph; `predict` unless the author says otherwise. */
export type Role = "predict";

/** A golden example: an input and the output it must give, as files relative to the service or as JSON. */
export interface ExampleDefinition {
  readonly name: string;
  readonly input: ExampleValue;
  readonly output: ExampleValue | null;
  /** Largest allowed |got − expected| of numbers. */
  readonly tolerance: number;
}

export type ExampleValue = { readonly file: string } | { readonly json: JsonValue };

/** One API as plain data. */
export interface ApiDefinition {
  readonly name: string;
  readonly role: Role;
  /** Whether it answers for the service's own name over tensor protocols. */
  readonly default: boolean;
  readonly summary: string;
  readonly description: string;
  readonly input: IoSpec;
  readonly output: IoSpec;
  /** Whether it answers with a stream of outputs. */
  readonly stream: boolean;
  readonly nan: NanPolicy;
  /** Longest time of one call, null for the server's own limit. */
  readonly timeoutMs: number | null;
  /** Largest body in bytes, null for the server's own limits. */
  readonly maxBodyBytes: number | null;
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
}
