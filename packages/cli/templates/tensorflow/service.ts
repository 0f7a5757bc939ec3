import { api, type Context, type Infer, service, t, tensor, tensorflow } from "@bento-ts/runtime";

/** Pictures of 8 × 8 pixels, from 0 for white to 16 for black. */
const Pictures = tensor("float32", [null, 8, 8]);
type Pictures = Infer<typeof Pictures>;

const Answers = t.Array(
  t.Object({
    digit: t.Integer({ minimum: 0, maximum: 9 }),
    probability: t.Number({ minimum: 0, maximum: 1 }),
  }),
);
type Answers = Infer<typeof Answers>;

/** Reads handwritten digits. Replace the model, its input and the answers by your own. */
@service({ name: "{{name}}", version: "0.1.0", description: "Reads handwritten digits." })
export class DigitsService {
  // A SavedModel, as `tf.saved_model.save` and Keras' `model.export` write it. Nothing is loaded by importing this file.
  network = tensorflow("models/digits", { outputs: { probabilities: "float32" } });

  @api({
    input: Pictures,
    output: Answers,
    summary: "One digit for each picture",
    examples: [
      {
        name: "one picture of each digit",
        input: "examples/digits.json",
        output: "examples/digits.out.json",
        tolerance: 1e-5,
      },
    ],
  })
  async read(pixels: Pictures, ctx: Context): Promise<Answers> {
    const { probabilities } = await this.network.run({ pixels }, ctx);
    const [pictures = 0, digits = 0] = probabilities.shape;
    return Array.from({ length: pictures }, (_, picture) => {
      const row = probabilities.data.subarray(picture * digits, (picture + 1) * digits);
      const probability = Math.max(...row);
      return { digit: row.indexOf(probability), probability };
    });
  }
}
