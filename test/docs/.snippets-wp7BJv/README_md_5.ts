import { service, api, onnx, dataFrame, t, type Infer, type Context } from "@bento-ts/runtime";

const Boston = dataFrame({ key: "df", columns: { CRIM: "float64", RM: { type: "float64", min: 1, max: 12 } /* … */ } });
type Boston = Infer<typeof Boston>;
const Prices = t.Array(t.Number());
type Prices = Infer<typeof Prices>;

@service({ name: "boston", version: "1.4.0" })
export class BostonService {
  forest = onnx("models/bos_rf.onnx");

  @api({ input: Boston, output: Prices })
  async score(df: Boston, ctx: Context): Promise<Prices> {
    const { variable } = await this.forest.run({ X: df.toTensor("float32") }, ctx);
    return Array.from(variable.data);
  }
}
