import { bytes, dataFrame, defineApi, serviceClass, t, tensor, tensors, text } from "@bento-ts/runtime";

const Any = tensors({
  fp32: { dtype: "float32", shape: [null, 2] },
  int64: { dtype: "int64", shape: [null] },
  uint64: { dtype: "uint64", shape: [null] },
  flag: { dtype: "bool", shape: [] },
  words: { dtype: "string", shape: [null] },
});
const Half = tensor("float16", [null]);
const Row = tensor("float32", [null, 2]);
const Gaps = tensor("float64", [null]);
const People = dataFrame({
  key: "people",
  columns: { id: "int64", age: "float64", name: "string", ok: "bool" },
});
const Order = t.Object({ item: t.String(), count: t.Integer() });

/** Models that give back what they get, or what can be worked out by hand; each shows one kind of type. */
export const Models = serviceClass(
  { name: "models", version: "3.1.4" },
  class {
    any = defineApi({ input: Any, output: Any }, (value) => value);
    half = defineApi({ input: Half, output: Half }, (value) => value);
    /** The sums of rows; version 2 of the model gives them twice as large. */
    sum = defineApi({ input: Row, output: tensor("float32", [null]), default: true }, ({ shape, data }) =>
      sums(shape, data, 1),
    );
    sum_twice = defineApi(
      { input: Row, output: tensor("float32", [null]), model: { name: "sum", version: 2 } },
      ({ shape, data }) => sums(shape, data, 2),
    );
    gaps = defineApi({ input: Gaps, output: Gaps, nan: "null" }, (value) => value);
    people = defineApi({ input: People, output: People }, (value) => value);
    shout = defineApi({ input: text(), output: text() }, (value) => value.toUpperCase());
    picture = defineApi({ input: bytes(), output: bytes() }, (value) => value.toReversed());
    order = defineApi({ input: Order, output: Order }, ({ item, count }) => ({ item, count: count + 1 }));
    small = defineApi({ input: Row, output: Row, maxBodyBytes: 300 }, (value) => value);
    fail = defineApi({ input: Row, output: Row }, () => {
      throw new Error("the secret text of an author's error");
    });
    count = defineApi({ input: Row, output: text() }, async function* () {
      yield "no model, since it answers with a stream";
    });
  },
);

function sums(shape: readonly number[], data: Float32Array, factor: number) {
  const rows = shape[0] ?? 0;
  const result = Float32Array.from(
    { length: rows },
    (_, row) => factor * ((data[2 * row] ?? 0) + (data[2 * row + 1] ?? 0)),
  );
  return { dtype: "float32", shape: [rows], data: result } as const;
}
