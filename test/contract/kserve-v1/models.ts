import {
  bytes,
  dataFrame,
  defineApi,
  file,
  multipart,
  optional,
  serviceClass,
  ServingError,
  t,
  tensor,
  tensors,
  text,
} from "@bento-ts/runtime";

const Houses = dataFrame({ key: "df", columns: { rooms: "float64", town: "string" } });
const Ages = dataFrame({ key: "ages", columns: { age: "int64" } });
const Prices = dataFrame({ key: "prices", columns: { price: "float64", note_bytes: "string" }, orient: "split" });
const Matrix = tensor("float32", [null, 2]);
const Pair = tensors({
  a: { dtype: "float32", shape: [null] },
  b: { dtype: "string", shape: [null, 2] },
});
const Doubled = tensors({
  sum: { dtype: "float32", shape: [null] },
  text_bytes: { dtype: "string", shape: [null, 2] },
});

/** A model of each kind of input and output, whose answers can be told by heart. */
export const Shop = serviceClass(
  { name: "shop", version: "1.0.0" },
  class {
    score = defineApi({ input: Houses, output: t.Array(t.Number()), default: true }, (df) =>
      Array.from(df.column("rooms"), (rooms, row) => rooms + (df.column("town")[row]?.length ?? 0)),
    );
    older = defineApi({ input: Ages, output: Ages }, (df) =>
      Ages.fromColumns({ age: BigInt64Array.from(df.column("age"), (age) => age + 1n) }),
    );
    priced = defineApi({ input: Houses, output: Prices }, (df) =>
      Prices.fromColumns({ price: df.column("rooms"), note_bytes: df.column("town") }),
    );
    matrix = defineApi({ input: Matrix, output: Matrix }, (value) => value);
    pair = defineApi({ input: Pair, output: Doubled }, ({ a, b }) => ({
      sum: { dtype: "float32", shape: a.shape, data: a.data.map((value) => 2 * value) } as const,
      text_bytes: b,
    }));
    only = defineApi(
      {
        input: tensors({ x: { dtype: "int64", shape: [null] } }),
        output: tensors({ y: { dtype: "int64", shape: [null] } }),
      },
      ({ x }) => ({ y: x }),
    );
    words = defineApi({ input: tensor("string", [null]), output: t.Array(t.String()) }, ({ data }) => [...data]);
    rate = defineApi({ input: tensor("int32", []), output: tensor("int32", []) }, (value) => value);
    total = defineApi({ input: t.Array(t.Number()), output: t.Number() }, (list) => list.reduce((a, b) => a + b, 0));
    person = defineApi(
      { input: t.Object({ name: t.String() }), output: t.Object({ hello: t.String() }) },
      ({ name }) => ({
        hello: name,
      }),
    );
    shout = defineApi({ input: text(), output: text() }, (value) => value.toUpperCase());
    size = defineApi({ input: file({ mediaTypes: ["image/*"] }), output: t.Integer() }, ({ size }) => size);
    reverse = defineApi({ input: bytes(), output: bytes() }, (value) => value.toReversed());
    form = defineApi(
      { input: multipart({ title: t.String(), data: optional(bytes()) }), output: t.Array(t.Integer()) },
      ({ title, data }) => [title.length, data?.length ?? -1],
    );
    nan = defineApi({ input: t.String(), output: t.Array(t.Number()), nan: "null" }, () => [NaN, 1]);
    fail = defineApi({ input: t.String(), output: t.Number() }, (kind) => {
      if (kind === "full") throw new ServingError("UNAVAILABLE", "come back later", { retryAfterSeconds: 7 });
      throw new Error("secret");
    });
    many = defineApi({ input: t.Number(), output: t.Number() }, async function* (to) {
      yield to;
    });
    first = defineApi({ input: t.Number(), output: t.String(), model: { name: "twice" } }, () => "one");
    second = defineApi({ input: t.Number(), output: t.String(), model: { name: "twice", version: 2 } }, () => "two");
    whyMatrix = defineApi(
      { input: Matrix, output: t.Array(t.String()), role: "explain", model: { name: "matrix" } },
      ({ shape }) => Array.from({ length: shape[0] ?? 0 }, (_, row) => `row ${row}`),
    );
    why = defineApi({ input: Houses, output: t.Object({ rows: t.Integer() }), role: "explain" }, ({ rows }) => ({
      rows,
    }));
  },
);
