import { api, type Context, dataFrame, type Infer, onnx, service, t } from "@bento-ts/runtime";

export const Boston = dataFrame({
  key: "df",
  columns: {
    CRIM: { type: "float64", min: 0, description: "Crimes per head" },
    ZN: { type: "float64", min: 0, max: 100, description: "Residential land in large plots, percent" },
    INDUS: { type: "float64", min: 0, max: 100, description: "Industrial land, percent" },
    CHAS: { type: "float64", min: 0, max: 1, description: "1 at the Charles River, else 0" },
    NOX: { type: "float64", min: 0, description: "Nitric oxides, parts per 10 million" },
    RM: { type: "float64", min: 1, max: 12, description: "Mean number of rooms" },
    AGE: { type: "float64", min: 0, max: 100, description: "Homes built before 1940, percent" },
    DIS: { type: "float64", min: 0, description: "Weighted distance to the places of work" },
    RAD: { type: "float64", min: 0, description: "Access to radial motorways, index" },
    TAX: { type: "float64", min: 0, description: "Property tax per 10,000 dollars" },
    PTRATIO: { type: "float64", min: 0, description: "Pupils per teacher" },
    B: {
      type: "float64",
      min: 0,
      description: "A column of the original data set; its use is disputed, it is kept so that old clients still fit",
    },
    LSTAT: { type: "float64", min: 0, max: 100, description: "Lower-status residents, percent" },
  },
});
export type Boston = Infer<typeof Boston>;

export const Prices = t.Array(t.Number());
export type Prices = Infer<typeof Prices>;

/** House prices (thousands of dollars of 1978) from the Boston table: the scoring service that R users know. */
@service({
  name: "boston",
  version: "1.4.0",
  description: "House prices by a random forest, in thousands of dollars of 1978.",
})
export class BostonService {
  forest = onnx("models/bos_rf.onnx");

  @api({
    input: Boston,
    output: Prices,
    summary: "One price for each row",
    examples: [
      { name: "ten rows", input: "examples/boston10.json", output: "examples/boston10.out.json", tolerance: 1e-3 },
      {
        name: "a hundred rows",
        input: "examples/boston100.json",
        output: "examples/boston100.out.json",
        tolerance: 1e-3,
      },
    ],
  })
  async score(df: Boston, ctx: Context): Promise<Prices> {
    const { variable } = await this.forest.run({ X: df.toTensor("float32") }, ctx);
    return Array.from(variable.data);
  }
}
