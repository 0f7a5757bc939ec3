import { api, type Context, dataFrame, type Infer, onnx, service, t } from "@bento-ts/runtime";

const size = { type: "float64", min: 0, max: 100 } as const;
const Flowers = dataFrame({
  key: "flowers",
  columns: { sepal_length: size, sepal_width: size, petal_length: size, petal_width: size },
});

@service({ name: "golden" })
export class GoldenService {
  classifier = onnx("models/iris.onnx", { outputs: { probabilities: "float32" } });

  @api({
    input: Flowers,
    output: t.Array(t.Number()),
    examples: [
      {
        name: "one flower",
        input: { flowers: [{ sepal_length: 4.4, sepal_width: 3.0, petal_length: 1.3, petal_width: 0.2 }] },
        output: [0.98528671],
        tolerance: 1e-5,
      },
      { name: "six flowers", input: "examples/flowers.json" }, // any answer with status 200
    ],
  })
  async surest(df: Infer<typeof Flowers>, ctx: Context): Promise<number[]> {
    const { probabilities } = await this.classifier.run({ X: df.toTensor("float32") }, ctx);
    return Array.from({ length: df.rows }, (_, row) => Math.max(...probabilities.data.subarray(3 * row, 3 * row + 3)));
  }
}
