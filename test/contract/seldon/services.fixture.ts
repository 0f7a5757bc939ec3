import {
  api,
  bytes,
  type Context,
  dataFrame,
  type Feedback,
  type Infer,
  service,
  ServingError,
  t,
  tensor,
  type TensorOf,
  tensors,
  text,
} from "@bento-ts/runtime";

const Houses = dataFrame({ columns: { rooms: "float64", town: { type: "string", nullable: true } } });
type Houses = Infer<typeof Houses>;
const Numbers = tensor("float64", [null, 2]);
type Numbers = TensorOf<"float64">;

/** Doubles what it gets and tells about it. */
@service({ name: "doubler", version: "1.4.0" })
export class Doubler {
  @api({ input: Numbers, output: Numbers })
  double(input: Numbers, ctx: Context): Numbers {
    ctx.tags.set("rows", input.shape[0] ?? 0);
    ctx.metrics.counter("calls", 1, { kind: "double" });
    ctx.metrics.gauge("rows", input.shape[0] ?? 0);
    ctx.metrics.timer("took", 20);
    return { ...input, data: input.data.map((value) => 2 * value) };
  }
}

/** Every role beside predictions. */
@service({ name: "graph-node" })
export class GraphNode {
  said: unknown = null;

  @api({ role: "transformInput", input: Numbers, output: tensor("int64", [null]) })
  sums({ data }: Numbers): TensorOf<"int64"> {
    const sums = Array.from({ length: data.length / 2 }, (_, row) =>
      BigInt((data[2 * row] ?? 0) + (data[2 * row + 1] ?? 0)),
    );
    return { dtype: "int64", shape: [sums.length], data: BigInt64Array.from(sums) };
  }

  @api({ role: "transformOutput", input: t.Any(), output: t.Any() })
  pass(value: unknown): unknown {
    return value;
  }

  @api({ role: "route", input: tensor("float64", [1, 1]) })
  choose({ data }: Numbers): number {
    return data[0] ?? 0;
  }

  @api({ role: "aggregate", input: Numbers, output: Numbers })
  mean(inputs: Numbers[]): Numbers {
    const [first] = inputs;
    if (first === undefined) throw new ServingError("INVALID_ARGUMENT", "expected at least one input");
    const data = first.data.map(
      (_, at) => inputs.reduce((sum, input) => sum + (input.data[at] ?? 0), 0) / inputs.length,
    );
    return { ...first, data };
  }

  @api({ role: "feedback", input: Numbers, output: Numbers })
  learn({ request, response, truth, ...rest }: Feedback<Numbers, Numbers>): void {
    const list = (tensor: Numbers | undefined): unknown => (tensor === undefined ? undefined : Array.from(tensor.data));
    this.said = { request: list(request), response: list(response), truth: list(truth), ...rest };
  }

  @api({ input: t.Any(), output: t.Any() })
  last(): unknown {
    return this.said;
  }
}

/** Inputs and outputs of other types; each is the default of a service of its own. */
@service({ name: "frames" })
export class Frames {
  @api({ input: Houses, output: Houses })
  same(houses: Houses): Houses {
    return houses;
  }
}

@service({ name: "texts" })
export class Texts {
  @api({ input: text(), output: text() })
  upper(value: string): string {
    return value.toUpperCase();
  }
}

@service({ name: "binary" })
export class Binary {
  @api({ input: bytes(), output: bytes() })
  reverse(value: Uint8Array): Uint8Array {
    return Uint8Array.from(value).reverse();
  }
}

@service({ name: "exact" })
export class Exact {
  @api({ input: tensor("int64", [null]), output: tensor("int64", [null]) })
  same(value: TensorOf<"int64">): TensorOf<"int64"> {
    return value;
  }
}

@service({ name: "pairs" })
export class Pairs {
  @api({
    input: tensors({ a: { dtype: "float32", shape: [null, 1] }, b: { dtype: "int32", shape: [null] } }),
    output: tensors({ a: { dtype: "float32", shape: [null, 1] }, b: { dtype: "int32", shape: [null] } }),
  })
  same(value: { readonly a: TensorOf<"float32">; readonly b: TensorOf<"int32"> }): typeof value {
    return value;
  }
}

@service({ name: "anything" })
export class Anything {
  @api({ input: t.Any(), output: t.Any(), nan: "string" })
  predict(value: unknown): unknown {
    if (value === "metric") return undefined;
    return value;
  }
}

@service({ name: "faulty" })
export class Faulty {
  @api({ input: t.String(), output: t.Any() })
  fail(kind: string, ctx: Context): unknown {
    if (kind === "metric") ctx.metrics.counter("not a name");
    if (kind === "busy") throw new ServingError("UNAVAILABLE", "come back", { retryAfterSeconds: 7 });
    if (kind === "own") throw new ServingError("FAILED_PRECONDITION", "the moon is full");
    throw new Error("secret");
  }
}

@service({ name: "several" })
export class Several {
  @api({ input: t.Number(), output: t.Number() })
  one(value: number): number {
    return value;
  }

  @api({ input: t.Number(), output: t.Number() })
  two(value: number): number {
    return value;
  }
}

@service({ name: "streaming" })
export class Streaming {
  @api({ input: t.Number(), output: t.Number() })
  async *count(to: number): AsyncGenerator<number> {
    for (let at = 1; at <= to; at += 1) yield at;
  }
}
