import type { Role } from "../definition/types.ts";
import type { IoInput } from "../io/to-io-type.ts";
import type { ApiOptions, BatchOptions } from "./api-options.ts";
import type { BatchInputOf, BatchResultOf, ContextOf, ResultOf } from "./roles.ts";

/** What a method may give back that predicts: the output, a promise of it, or a stream of outputs. */
export type ApiResult<O extends IoInput> = ResultOf<"predict", O>;

/** A method of an API: takes the typed input, gives the typed output, as its role has them. */
export type ApiMethod<
  I extends IoInput,
  O extends IoInput,
  R extends Role = "predict",
  B extends BatchOptions | undefined = undefined,
> = (input: BatchInputOf<R, I, O, B>, ctx: ContextOf<B>) => BatchResultOf<R, O, B>;

/** An API without decorators: a function that carries its own description. */
export type DefinedApi<
  I extends IoInput,
  O extends IoInput,
  R extends Role = "predict",
  B extends BatchOptions | undefined = undefined,
> = ApiMethod<I, O, R, B> & {
  readonly [API]: ApiOptions<I, O, R, B>;
};

// Registered, so that two copies of this package in one process understand each other.
const API: unique symbol = Symbol.for("bento-ts.api") as never;

/** Joins options and method into an API for a class field, `score = defineApi({ input, output }, async (df, ctx) => …)`; the parameters' types follow from the options. */
export function defineApi<
  I extends IoInput,
  O extends IoInput,
  R extends Role = "predict",
  B extends BatchOptions | undefined = undefined,
>(options: ApiOptions<I, O, R, B>, method: ApiMethod<I, O, R, B>): DefinedApi<I, O, R, B> {
  return Object.defineProperty(method, API, { value: options }) as DefinedApi<I, O, R, B>;
}

/** The options that `defineApi` put on a function, undefined on any other value. */
export function definedApiOptions(value: unknown): ApiOptions<IoInput, IoInput> | undefined {
  return typeof value === "function" ? (value as { [API]?: ApiOptions<IoInput, IoInput> })[API] : undefined;
}
