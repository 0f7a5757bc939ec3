// The service for batching: each model behind an API that takes one call at a time and one whose calls are joined.
import { defineApi, joinRows, onnx, serviceClass, splitRows, t, tensor } from "@bento-ts/runtime";
import { Boston } from "../../examples/boston/service.ts";

const Features = tensor("float32", [null, null]);
const Prices = t.Array(t.Number());
/** As many rows as the load has callers of one row. */
const batch = { maxSize: 64, maxLatencyMs: 10 };

export default serviceClass(
  { name: "batching" },
  class {
    network = onnx<{ y: "float32" }>(process.env["BENCH_MLP"] ?? "");
    trees = onnx<{ variable: "float32" }>("../../examples/boston/models/bos_rf.onnx");

    mlp = defineApi({ input: Features, output: Features }, async (x, ctx) => (await this.network.run({ x }, ctx)).y);

    mlpBatched = defineApi({ input: Features, output: Features, batch }, async (inputs, ctx) => {
      const { y } = await this.network.run({ x: joinRows(inputs) }, ctx);
      return splitRows(
        y,
        inputs.map(({ shape }) => shape[0] ?? 0),
      );
    });

    forest = defineApi({ input: Boston, output: Prices }, async (df, ctx) => {
      const { variable } = await this.trees.run({ X: df.toTensor("float32") }, ctx);
      return Array.from(variable.data);
    });

    forestBatched = defineApi({ input: Boston, output: Prices, batch }, async (frames, ctx) => {
      const { variable } = await this.trees.run({ X: Boston.join(frames).toTensor("float32") }, ctx);
      const prices = splitRows(
        variable,
        frames.map(({ rows }) => rows),
      );
      return prices.map(({ data }) => Array.from(data));
    });
  },
);
