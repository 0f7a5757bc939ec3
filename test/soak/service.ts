import { api, type Context, type Infer, onnx, service, ServingError, tensor } from "@bento-ts/runtime";

const Rows = tensor("float32", [null, 2]);
type Rows = Infer<typeof Rows>;

/** What the soak calls over every protocol: doubles its rows after a run of a model. It has the name of the contract suite's service, whose callers it has; the first number of the input asks for what else happens. */
@service({ name: "contract", version: "1.0.0" })
export class Soaked {
  identity = onnx("../models/identity-float32.onnx");

  @api({ input: Rows, output: Rows })
  async double({ shape, data }: Rows, { signal, ...ctx }: Context): Promise<Rows> {
    const [order, ms] = data;
    switch (order) {
      case -1:
        throw new Error("the key of the safe is 4711");
      case -2:
        throw new ServingError("FAILED_PRECONDITION", "the shop is closed");
      case -3:
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw signal.reason;
      case -4:
        await new Promise((resolve) => setTimeout(resolve, ms));
    }
    const input = { dtype: "float32", shape: [data.length], data } as const;
    const { y } = await this.identity.run({ x: input }, { signal, ...ctx });
    return { dtype: "float32", shape, data: Float32Array.from(y.data, (value) => Number(value) * 2) };
  }
}
