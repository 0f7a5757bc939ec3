import { Client, credentials, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, service, t, tensor, type TensorOf } from "@bento-ts/runtime";
import { encodeWith, loadProtos } from "../../../packages/runtime/src/protocols/tensorflow/dynamic-proto.fixture.ts";
import { listen, type ListeningService } from "../../support/listening-service.ts";
import { Anything, Exact, Frames, Pairs, Texts } from "./services.fixture.ts";

const Numbers = tensor("float64", [null, 2]);
type Numbers = TensorOf<"float64">;

/** Every role, each with a method that can't fail. */
@service({ name: "calm" })
class Calm {
  @api({ input: Numbers, output: Numbers })
  same(input: Numbers): Numbers {
    return input;
  }

  @api({ role: "transformInput", input: t.Any(), output: t.Any() })
  before(input: unknown): unknown {
    return input;
  }

  @api({ role: "transformOutput", input: Numbers, output: Numbers })
  after(input: Numbers): Numbers {
    return input;
  }

  @api({ role: "route", input: Numbers })
  choose(): number {
    return -1;
  }

  @api({ role: "aggregate", input: Numbers, output: Numbers })
  first([first]: Numbers[]): Numbers {
    return first ?? { dtype: "float64", shape: [0, 2], data: new Float64Array(0) };
  }

  @api({ role: "feedback", input: Numbers, output: t.Any() })
  learn(): void {}
}

const open: { readonly server: ListeningService; readonly client: Client }[] = [];
beforeAll(async () => {
  for (const service of [Calm, Frames, Texts, Exact, Anything, Pairs]) {
    const server = await listen(service);
    open.push({ server, client: new Client(server.grpcAddress, credentials.createInsecure()) });
  }
});
afterAll(async () => {
  for (const { server, client } of open) {
    client.close();
    await server.close();
  }
});

const protos = loadProtos("seldon.proto");
const MESSAGE = protos.lookupType("seldon.protos.SeldonMessage");
const LIST = protos.lookupType("seldon.protos.SeldonMessageList");
const FEEDBACK = protos.lookupType("seldon.protos.Feedback");

const value = fc.oneof(
  fc.record({ numberValue: fc.double() }),
  fc.record({ stringValue: fc.constantFrom("", "a", "[1]", "NaN") }),
  fc.record({ boolValue: fc.boolean() }),
  fc.record({ listValue: fc.record({ values: fc.array(fc.record({ numberValue: fc.double() }), { maxLength: 3 }) }) }),
  fc.record({
    structValue: fc.record({
      fields: fc.dictionary(fc.constantFrom("a", "", "df"), fc.record({ numberValue: fc.double() })),
    }),
  }),
  fc.constant({}),
);
const size = fc.oneof(fc.integer({ min: -2, max: 4 }), fc.integer());
const data = fc.oneof(
  fc.record({
    tensor: fc.record({ shape: fc.array(size, { maxLength: 4 }), values: fc.array(fc.double(), { maxLength: 6 }) }),
  }),
  fc.record({ ndarray: fc.record({ values: fc.array(value, { maxLength: 4 }) }) }),
  fc.record({
    tftensor: fc.record({
      dtype: fc.integer({ min: 0, max: 24 }),
      tensorShape: fc.record({ dim: fc.array(fc.record({ size }), { maxLength: 3 }) }),
      floatVal: fc.array(fc.float(), { maxLength: 4 }),
      int64Val: fc.array(fc.integer(), { maxLength: 4 }),
      tensorContent: fc.uint8Array({ maxLength: 16 }),
    }),
  }),
  fc.constant({}),
);
const named = fc
  .tuple(fc.array(fc.constantFrom("rooms", "town", "t:0"), { maxLength: 3 }), data)
  .map(([names, form]) => ({
    names,
    ...form,
  }));
const meta = fc.record(
  {
    puid: fc.string(),
    tags: fc.dictionary(fc.string(), value),
    routing: fc.dictionary(fc.string(), fc.integer()),
    metrics: fc.array(fc.record({ key: fc.string(), type: fc.nat(3), value: fc.float() }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const message = fc
  .tuple(
    fc.oneof(
      fc.record({ data: named }),
      fc.record({ jsonData: value }),
      fc.record({ strData: fc.string({ unit: "binary" }) }),
      fc.record({ binData: fc.uint8Array({ maxLength: 20 }) }),
      fc.constant({}),
    ),
    fc.option(meta, { nil: undefined }),
  )
  .map(([kind, given]) => (given === undefined ? kind : { ...kind, meta: given }));
const request = fc.oneof(
  message.map((one) => encodeWith(MESSAGE, one)),
  fc.array(message, { maxLength: 3 }).map((seldonMessages) => encodeWith(LIST, { seldonMessages })),
  fc
    .record({ request: message, response: message, truth: message, reward: fc.float() }, { requiredKeys: [] })
    .map((feedback) => encodeWith(FEEDBACK, feedback)),
);
/** As written, cut short, or with one byte changed. */
const sent = fc
  .tuple(request, fc.constantFrom("whole", "cut", "changed"), fc.nat(), fc.nat(255))
  .map(([bytes, how, at, byte]) => {
    const place = at % Math.max(bytes.length, 1);
    if (how === "cut") return bytes.subarray(0, place);
    if (how === "changed" && bytes.length > 0) bytes[place] = byte;
    return bytes;
  });
const METHODS = [
  "Model/Predict",
  "Transformer/TransformInput",
  "OutputTransformer/TransformOutput",
  "Router/Route",
  "Combiner/Aggregate",
  "Model/SendFeedback",
  "Seldon/ModelMetadata",
];
/** Whose fault it is stands in the status: never the server's. */
const FAIR = [status.OK, status.INVALID_ARGUMENT, status.NOT_FOUND, status.RESOURCE_EXHAUSTED, status.UNIMPLEMENTED];

function call(
  client: Client,
  path: string,
  bytes: Buffer,
): Promise<{ readonly code: number; readonly details: string }> {
  return new Promise((resolve) =>
    client.makeUnaryRequest(
      `/seldon.protos.${path}`,
      (given: Buffer) => given,
      (got: Buffer) => got,
      bytes,
      (error) => resolve(error === null ? { code: status.OK, details: "" } : error),
    ),
  );
}

it("answers any message with a message or with what is wrong with it, never with a failure of its own", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(5), fc.constantFrom(...METHODS), sent, async (index, path, bytes) => {
      const { client } = open[index] ?? {};
      if (client === undefined) throw new Error("no such service");
      const { code, details } = await call(client, path, bytes);
      expect(FAIR, `${path}: ${details}`).toContain(code);
    }),
    { numRuns: 600 },
  );
});
