import { api, type Context, type Infer, service, ServingError, tensor } from "@bento-ts/runtime";

const Rows = tensor("float32", [null, 2]);
type Rows = Infer<typeof Rows>;

/** What the contract suite calls over every protocol: doubles its rows; the first number of the input asks for what goes wrong. */
@service({ name: "contract", version: "2.1.0" })
export class Contract {
  @api({ input: Rows, output: Rows })
  async double(rows: Rows, ctx: Context): Promise<Rows> {
    switch (rows.data[0]) {
      case -1:
        throw new Error("the key of the safe is 4711");
      case -2:
        throw new ServingError("FAILED_PRECONDITION", "the shop is closed");
      case -3:
        await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        throw ctx.signal.reason;
      case -4:
        throw new ServingError("RESOURCE_EXHAUSTED", "come back later", { retryAfterSeconds: 7 });
      default:
        ctx.setHeader("x-doubled", "yes");
        return { dtype: "float32", shape: rows.shape, data: rows.data.map((value) => value * 2) };
    }
  }
}
