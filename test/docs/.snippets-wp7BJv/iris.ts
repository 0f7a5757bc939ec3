import { api, type Context, dataFrame, type Infer, onnx, service, t } from "@bento-ts/runtime";

const Flowers = dataFrame({
  key: "flowers",
  columns: {
    sepal_length: { type: "float64", min: 0, max: 100 },
    sepal_width: { type: "float64", min: 0, max: 100 },
    petal_length: { type: "float64", min: 0, max: 100 },
    petal_width: { type: "float64", min: 0, max: 100 },
  },
});
type Flowers = Infer<typeof Flowers>; // value and type share one name

const KINDS = ["setosa", "versicolor", "virginica"];
const Species = t.Array(t.String());

@service({ name: "iris", version: "1.0.0" })
export class IrisService {
  classifier = onnx("models/iris.onnx", { outputs: { label: "int64" } }); // a handle: nothing is loaded here

  @api({ input: Flowers, output: Species, summary: "One species for each flower" })
  async classify(flowers: Flowers, ctx: Context): Promise<string[]> {
    const { label } = await this.classifier.run({ X: flowers.toTensor("float32") }, ctx);
    return Array.from(label.data, (kind) => KINDS[Number(kind)] ?? "unknown");
  }
}
