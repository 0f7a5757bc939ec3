// The service for scaling: a run has one thread, so that only a second worker can use a second core.
import { defineApi, onnx, serviceClass, tensor } from "@bento-ts/runtime";

const Row = tensor("float32", [null, 4]);

/** Runs a model of 90 ms. */
export default serviceClass(
  { name: "slow" },
  class {
    model = onnx("../models/slow-90ms.onnx", { threads: 1 });
    predict = defineApi({ input: Row, output: Row }, async (x, ctx) => {
      const { y } = await this.model.run({ x }, ctx);
      if (y?.dtype !== "float32") throw new Error("the model has another output");
      return y;
    });
  },
);
