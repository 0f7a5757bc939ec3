import { api, type Context, dataFrame, type Infer, onnx, service, ServingError, t } from "@bento-ts/runtime";

const Rooms = dataFrame({ key: "df", columns: { rooms: { type: "float64", min: 1 } } });

@service({ name: "prices" })
export class PriceService {
  model = onnx("models/prices.onnx", { outputs: { price: "float32" } });

  @api({ input: Rooms, output: t.Array(t.Number()) })
  async price(df: Infer<typeof Rooms>, ctx: Context): Promise<number[]> {
    if (df.rows === 0) throw new ServingError("FAILED_PRECONDITION", "there is nothing to price");
    const { price } = await this.model.run({ X: df.toTensor("float32") }, ctx);
    return Array.from(price.data);
  }
}
