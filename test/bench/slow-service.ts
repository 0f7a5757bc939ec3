// The service for scaling: a run has one thread, so that one core is all that one run can use. BENCH_POOL bounds the inference threads of a worker.
import { defineApi, onnx, serviceClass, tensor } from "@bento-ts/runtime";

const Row = tensor("float32", [null, 4]);
const { BENCH_POOL } = process.env;

/** Runs a model of 90 ms. */
export default serviceClass(
  { name: "slow" },
  class {
    model = onnx("../models/slow-90ms.onnx", {
      threads: 1,
      ...(BENCH_POOL === undefined ? {} : { pool: Number(BENCH_POOL) }),
    });
    predict = defineApi({ input: Row, output: Row }, async (x, ctx) => {
      const { y } = await this.model.run({ x }, ctx);
      if (y?.dtype !== "float32") throw new Error("the model has another output");
      return y;
    });
  },
);
