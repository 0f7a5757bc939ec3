import { readFile } from "node:fs/promises";
import { createTestClient, type TestClient } from "@bento-ts/runtime/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DigitsService } from "./service.ts";

let client: TestClient;
beforeAll(async () => {
  // The whole server but its port: what passes here passes over HTTP.
  client = await createTestClient(DigitsService, { baseDir: import.meta.dirname });
});
afterAll(() => client.close());

const read = async (file: string) => JSON.parse(await readFile(`${import.meta.dirname}/examples/${file}`, "utf8"));

it("reads the digits that TensorFlow for Python read, as surely", async () => {
  const reply = await client.post("read", await read("digits.json"));
  expect(reply.status).toBe(200);
  const expected: { digit: number; probability: number }[] = await read("digits.out.json");
  const answers = reply.json<typeof expected>();
  expect(answers.map(({ digit }) => digit)).toEqual(expected.map(({ digit }) => digit));
  for (const [picture, { probability }] of expected.entries()) {
    expect(answers[picture]?.probability).toBeCloseTo(probability, 5);
  }
});

it("says which size is wrong", async () => {
  const reply = await client.post("read", [
    [
      [0, 16],
      [16, 0],
    ],
  ]);
  expect(reply.status).toBe(400);
  expect(reply.json<{ detail: string }>().detail).toContain("[-1,8,8]");
});
