import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listen, type ListeningService } from "../../support/listening-service.ts";
import { Anything, Doubler, Frames, GraphNode, Texts } from "./services.fixture.ts";

const open: ListeningService[] = [];
beforeAll(async () => {
  for (const service of [Doubler, Frames, Texts, GraphNode, Anything])
    open.push(await listen(service, { config: { server: { protocols: { seldon: "only" } } } }));
});
afterAll(async () => {
  for (const server of open) await server.close();
});

const leaf = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom("AAE=", "[1]", 0, -1, null, [[1, 2]], []));
const array = fc.record(
  {
    names: fc.oneof(fc.array(fc.constantFrom("a", "rooms", "t:0")), leaf),
    tensor: fc.oneof(fc.record({ shape: fc.array(fc.integer({ min: -1, max: 3 })), values: fc.array(leaf) }), leaf),
    ndarray: fc.oneof(fc.array(fc.array(leaf)), leaf),
    tftensor: fc.oneof(fc.record({ dtype: fc.constantFrom("DT_FLOAT", "DT_STRING", 1), floatVal: leaf }), leaf),
  },
  { requiredKeys: [] },
);
const meta = fc.record(
  { puid: leaf, tags: leaf, routing: leaf, requestPath: leaf, metrics: fc.array(leaf) },
  { requiredKeys: [] },
);
const message = fc.oneof(
  fc.record(
    {
      data: fc.oneof(array, leaf),
      jsonData: leaf,
      strData: leaf,
      binData: leaf,
      customData: leaf,
      meta: fc.oneof(meta, leaf),
    },
    { requiredKeys: [] },
  ),
  leaf,
);
const feedback = fc.record({ request: message, response: message, truth: message, reward: leaf }, { requiredKeys: [] });
const PATHS = ["/predict", "/transform-input", "/transform-output", "/route", "/aggregate", "/send-feedback"];

it("answers any body with a message or with what is wrong with it, never with a failure of its own", async () => {
  const body = fc.oneof(message, fc.array(message), fc.record({ seldonMessages: fc.array(message) }), feedback);
  await fc.assert(
    fc.asyncProperty(fc.nat(4), fc.constantFrom(...PATHS), body, async (index, path, sent) => {
      const response = await fetch(`${open[index]?.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(sent),
      });
      const reply = (await response.json()) as { meta?: object; status?: { code: number; info: string } };
      if (response.status === 200) expect(reply.meta).toBeTypeOf("object");
      else expect([response.status, reply.status?.code]).toEqual([400, -1]);
    }),
    { numRuns: 600 },
  );
});
