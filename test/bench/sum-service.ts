// The service for large payloads: what it costs is what carrying the payload costs.
import { defineApi, serviceClass, tensor } from "@bento-ts/runtime";

const Row = tensor("float32", [null]);

/** Adds up the first and the last element of its input. */
export default serviceClass(
  { name: "sum" },
  class {
    predict = defineApi({ input: Row, output: Row }, ({ data }) => {
      const sum = (data[0] ?? 0) + (data.at(-1) ?? 0);
      return { dtype: "float32", shape: [1], data: Float32Array.of(sum) } as const;
    });
  },
);
