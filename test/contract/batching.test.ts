import { afterEach, describe, expect, it } from "vitest";
import {
  api,
  type BatchContext,
  defineApi,
  type Infer,
  joinRows,
  onnx,
  service,
  serviceClass,
  ServingError,
  splitRows,
  tensor,
} from "@bento-ts/runtime";
import { createTestClient, type TestClient } from "@bento-ts/runtime/testing";

const models = new URL("../models", import.meta.url).pathname;
const Rows = tensor("float32", [null, 4]);
type Rows = Infer<typeof Rows>;
const batch = { maxSize: 32, maxLatencyMs: 20 };

/** Rows of each batch of the services below. */
let batches: number[][] = [];

@service({ name: "decorated", version: "1.0.0" })
class Decorated {
  model = onnx("add-one.onnx");

  @api({ input: Rows, output: Rows, batch })
  async plus(inputs: readonly Rows[], ctx: BatchContext): Promise<Rows[]> {
    const counts = inputs.map(({ shape }) => shape[0] ?? 0);
    batches.push(counts);
    const { y } = await this.model.run({ x: joinRows(inputs) }, ctx);
    return splitRows<"float32">(y, counts);
  }
}

const Plain = serviceClass(
  { name: "plain", version: "1.0.0" },
  class {
    model = onnx<{ y: "float32" }>("add-one.onnx");
    plus = defineApi({ input: Rows, output: Rows, batch }, async (inputs, ctx) => {
      const counts = inputs.map(({ shape }) => shape[0] ?? 0);
      batches.push(counts);
      const { y } = await this.model.run({ x: joinRows(inputs) }, ctx);
      return splitRows(y, counts);
    });
  },
);

let client: TestClient | undefined;

async function open(Service: Parameters<typeof createTestClient>[0], config = {}): Promise<TestClient> {
  batches = [];
  client = await createTestClient(Service, { baseDir: models, config });
  return client;
}

afterEach(() => client?.close());

const row = (value: number): number[] => [value, value, value, value];

describe.each([
  ["a class with decorators", Decorated],
  ["a class of defineApi fields", Plain],
])("a batched API of %s", (_name, Service) => {
  it("gives each of several callers the answer to their own rows, and gets their rows together", async () => {
    const { post } = await open(Service);
    const replies = await Promise.all(Array.from({ length: 40 }, (_, at) => post("plus", [row(at)])));
    expect(replies.map((reply) => reply.json())).toEqual(Array.from({ length: 40 }, (_, at) => [row(at + 1)]));
    expect(batches.flat()).toHaveLength(40);
    expect(Math.max(...batches.map(({ length }) => length))).toBeGreaterThan(1);
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(32);
  });
});

describe("a batch with one bad item", () => {
  it("fails that item alone, whether its method says so or throws", async () => {
    const Picky = serviceClass(
      { name: "picky" },
      class {
        says = defineApi({ input: Rows, output: Rows, batch }, (inputs) =>
          inputs.map((rows) => (rows.data[0] === 7 ? new ServingError("INVALID_ARGUMENT", "no sevens") : rows)),
        );
        throws = defineApi({ input: Rows, output: Rows, batch }, (inputs) => {
          batches.push(inputs.map(({ data }) => data[0] ?? 0));
          if (inputs.some((rows) => rows.data[0] === 7)) throw new ServingError("INVALID_ARGUMENT", "no sevens");
          return inputs;
        });
      },
    );
    const { post } = await open(Picky);
    for (const name of ["says", "throws"]) {
      const replies = await Promise.all(Array.from({ length: 32 }, (_, at) => post(name, [row(at)])));
      const expected = Array.from({ length: 32 }, (_, at) => (at === 7 ? 400 : 200));
      expect(replies.map(({ status }) => status)).toEqual(expected);
      expect(replies[7]?.text).toContain("no sevens");
      expect(replies[31]?.json()).toEqual([row(31)]);
    }
    expect(Math.max(...batches.map(({ length }) => length))).toBeGreaterThan(1);
  });
});
