import { readFile } from "node:fs/promises";
import { createTestClient, type TestClient } from "@bento-ts/runtime/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { IrisService } from "./service.ts";

let client: TestClient;
beforeAll(async () => {
  // The whole server but its port: what passes here passes over HTTP.
  client = await createTestClient(IrisService, { baseDir: import.meta.dirname });
});
afterAll(() => client.close());

const flower = { sepal_length: 4.4, sepal_width: 3, petal_length: 1.3, petal_width: 0.2 };

it("tells the species that scikit-learn told, as surely", async () => {
  const read = async (file: string) => JSON.parse(await readFile(`${import.meta.dirname}/examples/${file}`, "utf8"));
  const reply = await client.post("classify", await read("flowers.json"));
  expect(reply.status).toBe(200);
  const expected: { species: string; probability: number }[] = await read("flowers.out.json");
  const answers = reply.json<typeof expected>();
  expect(answers.map(({ species }) => species)).toEqual(expected.map(({ species }) => species));
  for (const [row, { probability }] of expected.entries()) {
    expect(answers[row]?.probability).toBeCloseTo(probability, 5);
  }
});

it("takes CSV too", async () => {
  const csv = `${Object.keys(flower).join(",")}\n${Object.values(flower).join(",")}\n`;
  const reply = await client.post("classify", csv, { "content-type": "text/csv" });
  expect(reply.json()).toMatchObject([{ species: "setosa" }]);
});

it("says which cell is wrong", async () => {
  const reply = await client.post("classify", { flowers: [flower, { ...flower, petal_width: "wide" }] });
  expect(reply.status).toBe(400);
  expect(reply.json<{ detail: string }>().detail).toContain("/flowers/1/petal_width");
});
