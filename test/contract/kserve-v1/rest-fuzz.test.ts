import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listen, type ListeningService } from "../../support/listening-service.ts";
import { Shop } from "./models.ts";

let server: ListeningService;
beforeAll(async () => {
  server = await listen(Shop, { config: { telemetry: { logLevel: "silent" } } });
});
afterAll(() => server.close());

const MODELS = [
  "score",
  "older",
  "priced",
  "matrix",
  "pair",
  "only",
  "words",
  "rate",
  "total",
  "person",
  "shout",
  "size",
  "reverse",
  "form",
  "nan",
  "twice/versions/1",
  "twice/labels/stable",
  "shop",
];
const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(
    "AAE=",
    0,
    -1,
    2 ** 53,
    null,
    [],
    [[1, 2]],
    { b64: "AAE=" },
    { b64: "%" },
    { b64: 1 },
    { b64: "", x: 1 },
  ),
);
const named = fc.dictionary(
  fc.constantFrom("x", "a", "b", "rooms", "town", "age", "name", "title", "data", "__proto__"),
  fc.oneof(leaf, fc.array(leaf)),
);
const values = fc.oneof(leaf, named, fc.array(fc.oneof(leaf, named, fc.array(leaf)), { maxLength: 4 }));
const body = fc.oneof(
  fc.record({ instances: values, inputs: values, signature_name: leaf, parameters: leaf }, { requiredKeys: [] }),
  fc.record({ instances: values }),
  fc.record({ inputs: values }),
  leaf,
);

it("answers any body with predictions or with what is wrong with it, never with a failure of its own", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...MODELS), body, async (model, sent) => {
      const response = await fetch(`${server.url}/v1/models/${model}:predict`, {
        method: "POST",
        body: JSON.stringify(sent),
      });
      const reply = (await response.json()) as object;
      const [key = ""] = Object.keys(reply);
      expect(Object.keys(reply)).toHaveLength(1);
      expect([response.status, key]).toBeOneOf([
        [200, "predictions"],
        [200, "outputs"],
        [400, "error"],
      ]);
    }),
    { numRuns: 1_000 },
  );
});
