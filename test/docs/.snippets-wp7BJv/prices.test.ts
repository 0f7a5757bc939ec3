import { createTestClient, fakeModel, type TestClient } from "@bento-ts/runtime/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PriceService } from "./prices.ts";

let client: TestClient;
beforeAll(async () => {
  client = await createTestClient(PriceService, {
    baseDir: import.meta.dirname, // what relative paths of the service mean
    models: {
      // in place of the file; leave it out to test the real model
      "models/prices.onnx": fakeModel({
        inputs: { X: { dtype: "float32", shape: [null, 1] } },
        outputs: { price: { dtype: "float32", shape: [null] } },
        run: ({ X }) => ({
          price: { dtype: "float32", shape: [X.data.length], data: X.data.map((rooms) => rooms * 2) },
        }),
      }),
    },
  });
});
afterAll(() => client.close());

it("gives a price for each row", async () => {
  const reply = await client.post("price", { df: [{ rooms: 3 }, { rooms: 4.5 }] });
  expect(reply.status).toBe(200);
  expect(reply.json()).toEqual([6, 9]);
});

it("takes CSV", async () => {
  const reply = await client.post("price", "rooms\n5\n", { "content-type": "text/csv" });
  expect(reply.json()).toEqual([10]);
});

it("names the cell that is wrong", async () => {
  const reply = await client.post("price", { df: [{ rooms: 0 }] });
  expect(reply.status).toBe(400);
  expect(reply.json()).toMatchObject({ errors: [{ path: "/df/0/rooms", message: "expected at least 1, got 0" }] });
});

it("refuses an empty frame in its own words", async () => {
  const reply = await client.post("price", { df: [] });
  expect(reply.json()).toMatchObject({ code: "FAILED_PRECONDITION", detail: "there is nothing to price" });
});
