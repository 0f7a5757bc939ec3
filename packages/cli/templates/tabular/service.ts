import { api, type Context, dataFrame, type Infer, onnx, service, t } from "@bento-ts/runtime";

const centimetres = { type: "float64", min: 0, max: 100 } as const;

const Flowers = dataFrame({
  key: "flowers",
  columns: {
    sepal_length: { ...centimetres, description: "Length of the sepal in cm" },
    sepal_width: { ...centimetres, description: "Width of the sepal in cm" },
    petal_length: { ...centimetres, description: "Length of the petal in cm" },
    petal_width: { ...centimetres, description: "Width of the petal in cm" },
  },
});
type Flowers = Infer<typeof Flowers>;

const KINDS = ["setosa", "versicolor", "virginica"] as const;
const Answers = t.Array(
  t.Object({
    species: t.Enum(KINDS),
    probability: t.Number({ minimum: 0, maximum: 1 }),
  }),
);
type Answers = Infer<typeof Answers>;

/** Tells the species of irises from their measures. Replace the model, the columns and the answers by your own. */
@service({ name: "{{name}}", version: "0.1.0", description: "Tells the species of irises from their measures." })
export class IrisService {
  // A logistic regression of scikit-learn. Nothing is loaded by importing this file.
  classifier = onnx("models/iris.onnx", { outputs: { label: "int64", probabilities: "float32" } });

  @api({
    input: Flowers,
    output: Answers,
    summary: "One species for each flower",
    examples: [
      {
        name: "two of each species",
        input: "examples/flowers.json",
        output: "examples/flowers.out.json",
        tolerance: 1e-5,
      },
    ],
  })
  async classify(flowers: Flowers, ctx: Context): Promise<Answers> {
    const { label, probabilities } = await this.classifier.run({ X: flowers.toTensor("float32") }, ctx);
    return Array.from(label.data, (kind, row) => ({
      species: KINDS[Number(kind)] ?? "setosa",
      probability: probabilities.data[row * KINDS.length + Number(kind)] ?? 0,
    }));
  }
}
