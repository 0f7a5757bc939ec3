import type { Authorize } from "../definition/access/types.ts";
import type { ExampleInput } from "../definition/define-service.ts";
import type { Role } from "../definition/types.ts";
import type { IoInput } from "../io/to-io-type.ts";
import type { NanPolicy } from "../io/types.ts";

/** What an author says of one API; a route has no output of its own, it gives the index of a branch. */
export type ApiOptions<
  I extends IoInput,
  O extends IoInput,
  R extends Role = Role,
  B extends BatchOptions | undefined = BatchOptions | undefined,
> = ApiChoices<I, R, B> & (R extends "route" ? { readonly output?: never } : { readonly output: O });

/** How calls of an API are joined. */
export interface BatchOptions {
  /** Most rows that the method gets at once: a larger tensor or data frame is split. A whole number ≥ 1. */
  readonly maxSize: number;
  /** Longest time for which a call waits for others while the method does not run, and only where waiting pays; 0 for none. */
  readonly maxLatencyMs: number;
}

/** The options of an API but its output. */
interface ApiChoices<I extends IoInput, R extends Role, B extends BatchOptions | undefined> {
  readonly input: I;
  /** What it does in a graph of components; default "predict". One API each of a service may have any other role but "explain". */
  readonly role?: R;
  /**
   * Name (default: the API's) and version (a whole number ≥ 1, default 1) of the model that it is over the Open Inference Protocol, KServe V1 and
   * TensorFlow Serving. APIs with one name and several versions answer side by side; without a version the highest answers.
   */
  readonly model?: { readonly name?: string; readonly version?: number };
  /** Marks the API that answers for the service's own name; the only API is it anyway. */
  readonly default?: boolean;
  /** One line for the documentation. */
  readonly summary?: string;
  /** Markdown for the documentation. */
  readonly description?: string;
  /** What becomes of NaN and infinities; default "error". */
  readonly nan?: NanPolicy;
  /**
   * Joins calls: the method takes a list of inputs, one of each caller, and gives a list of outputs of the same length and order. Of tensors and data frames an input is one
   * caller's rows, or a part of them.
   */
  readonly batch?: B;
  /** Longest time of one call; the server's own limit holds as well. */
  readonly timeoutMs?: number;
  /** Largest body; narrows or widens the server's limit for this API. */
  readonly maxBodyBytes?: number;
  /**
   * Who may call: `{ allow: [{ groups: ["iris-team"] }], deny: [{ principals: ["svc-old"] }] }`. It narrows what the platform allows and never widens it. Without it every
   * caller whom the platform lets in may call.
   */
  readonly authorize?: Authorize;
  /** Golden examples: shown in the documentation, run by `bento-ts test`. */
  readonly examples?: readonly ExampleInput[];
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof ApiChoices<IoInput, Role, BatchOptions> | "output">([
  "input",
  "output",
  "role",
  "model",
  "default",
  "summary",
  "description",
  "nan",
  "batch",
  "timeoutMs",
  "maxBodyBytes",
  "authorize",
  "examples",
]);

/** Names in an author's options that mean nothing; JavaScript callers have no compiler to tell them. */
export function unknownApiOptions(options: object): readonly string[] {
  return Object.keys(options).filter((name) => !OPTION_NAMES.has(name));
}
