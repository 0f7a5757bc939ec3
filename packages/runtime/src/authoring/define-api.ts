import type { IoInput, Infer } from "../io/to-io-type.ts";
import type { ApiOptions } from "./api-options.ts";
import type { Context } from "./context.ts";

/** What a method may give back: the output, a promise of it, or a stream of outputs. */
export type ApiResult<O extends IoInput> = Infer<O> | Promise<Infer<O>> | AsyncIterable<Infer<O>>;

/** A method of an API: takes the typed input, gives the typed output. */
export type ApiMethod<I extends IoInput, O extends IoInput> = (input: Infer<I>, ctx: Context) => ApiResult<O>;

/** An API without decorators: a function that carries its own description. */
export type DefinedApi<I extends IoInput, O extends IoInput> = ApiMethod<I, O> & { readonly [API]: ApiOptions<I, O> };

// Registered, so that two copies of this package in one process understand each other.
const API: unique symbol = Symbol.for("bento-ts.api") as never;

/** Joins options and method into an API for a class field, `score = defineApi({ input, output }, async (df, ctx) => …)`; the parameters' types follow from the options. */
export function defineApi<I extends IoInput, O extends IoInput>(
  options: ApiOptions<I, O>,
  method: ApiMethod<I, O>,
): DefinedApi<I, O> {
  return Object.defineProperty(method, API, { value: options }) as DefinedApi<I, O>;
}

/** The options that `defineApi` put on a function, undefined on any other value. */
export function definedApiOptions(value: unknown): ApiOptions<IoInput, IoInput> | undefined {
  return typeof value === "function" ? (value as { [API]?: ApiOptions<IoInput, IoInput> })[API] : undefined;
}
