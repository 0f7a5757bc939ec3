import { describeValue } from "../describe-value.ts";
import type { Role } from "../definition/types.ts";
import { ServingError } from "../errors.ts";
import { jsonType, t } from "../io/json/json-type.ts";
import { writeJsonPayload } from "../io/json/json-payload.ts";
import { list } from "../io/list.ts";
import { createMultipartType } from "../io/multipart-type.ts";
import type { Infer, IoInput } from "../io/to-io-type.ts";
import type { IoType } from "../io/types.ts";
import type { BatchOptions } from "./api-options.ts";
import type { BatchContext, Context } from "./context.ts";

/** What a caller says about an answer that it got: parts that did not come are left out. */
export interface Feedback<I, O> {
  readonly request?: I;
  readonly response?: O;
  /** What the answer should have been. */
  readonly truth?: O;
  /** How good the answer was; 0 where nothing was said. */
  readonly reward: number;
  /** The branch that this component's `route` chose for the request, where the caller tells it. */
  readonly routing?: number;
}

/** What a method of a role takes. */
export type InputOf<R extends Role, I extends IoInput, O extends IoInput> = R extends "aggregate"
  ? Infer<I>[]
  : R extends "feedback"
    ? Feedback<Infer<I>, Infer<O>>
    : Infer<I>;

/** What a method of a role gives: the output or a promise of it, predictions and explanations also a stream of outputs. */
export type ResultOf<R extends Role, O extends IoInput> = R extends "route"
  ? number | Promise<number>
  : R extends "feedback"
    ? void | Promise<void>
    : R extends "predict" | "explain"
      ? Infer<O> | Promise<Infer<O>> | AsyncIterable<Infer<O>>
      : Infer<O> | Promise<Infer<O>>;

/** What a batched method takes: an input of each caller. */
export type BatchInputOf<
  R extends Role,
  I extends IoInput,
  O extends IoInput,
  B extends BatchOptions | undefined,
> = B extends BatchOptions ? readonly Infer<I>[] : InputOf<R, I, O>;

/** What a batched method gives: an output for each input, in the same order; an error in the place of an output fails that one alone. */
export type BatchResultOf<
  R extends Role,
  O extends IoInput,
  B extends BatchOptions | undefined,
> = B extends BatchOptions ? BatchOutputs<O> | Promise<BatchOutputs<O>> : ResultOf<R, O>;

type BatchOutputs<O extends IoInput> = readonly (Infer<O> | ServingError)[];

/** What a method knows of whom it answers. */
export type ContextOf<B extends BatchOptions | undefined> = B extends BatchOptions ? BatchContext : Context;

/** The IO types of an API. */
export interface ApiTypes {
  readonly input: IoType<unknown>;
  readonly output: IoType<unknown>;
}

/** The types of an API of a role, from those that its author gave; `output` is not asked for where the role decides it. */
export function typesOfRole(role: Role, input: IoType<unknown>, output: () => IoType<unknown>): ApiTypes {
  return ROLE_TYPES[role](input, output);
}

type MakeTypes = (input: IoType<unknown>, output: () => IoType<unknown>) => ApiTypes;

const plain: MakeTypes = (input, output) => ({ input, output: output() });

const ROLE_TYPES = {
  predict: plain,
  explain: plain,
  transformInput: plain,
  transformOutput: plain,
  route: (input) => ({ input, output: branch() }),
  aggregate: (input, output) => ({ input: list(input), output: output() }),
  feedback: (input, output) => ({ input: feedback(input, output()), output: nothing() }),
} as const satisfies Record<Role, MakeTypes>;

/** The branch that a router chooses: the index of a child, -1 for all of them, -2 for none. Source: Seldon v1, routers. */
function branch(): IoType<unknown> {
  const { spec, read } = jsonType(t.Integer({ minimum: -2, maximum: 2_147_483_647 }));
  return Object.freeze<IoType<unknown>>({
    spec,
    read,
    write: (value, as) => {
      if (typeof value === "number" && Number.isInteger(value) && value >= -2 && value <= 2_147_483_647)
        return writeJsonPayload(value, as);
      const wanted = Number.isInteger(value) ? "a child's index, -1 (all) or -2 (none)" : "int";
      const message = `Routing response must be ${wanted} but got ${describeValue(value)}`;
      throw new ServingError("INTERNAL", message, { details: { routing: message } });
    },
  });
}

function feedback(input: IoType<unknown>, output: IoType<unknown>): IoType<unknown> {
  const fields = {
    request: input,
    response: output,
    truth: output,
    reward: jsonType(t.Number()),
    routing: jsonType(t.Integer()),
  };
  const form = createMultipartType<Readonly<Record<string, unknown>>>(
    new Map(Object.entries(fields).map(([name, type]) => [name, { type, required: false }])),
  );
  return Object.freeze<IoType<unknown>>({
    ...form,
    read: async (payload, options) => ({ reward: 0, ...(await form.read(payload, options)) }),
  });
}

/** What a method gives that has nothing to say. */
function nothing(): IoType<unknown> {
  const { spec, read } = jsonType(t.Null());
  return Object.freeze<IoType<unknown>>({ spec, read, write: (_value, as) => writeJsonPayload(null, as) });
}
