import { readFile } from "node:fs/promises";
import { createTestClient, type TestClient } from "@bento-ts/runtime/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BostonService } from "./service.ts";

const folder = new URL("./", import.meta.url);
const read = async (name: string): Promise<string> => readFile(new URL(`examples/${name}`, folder), "utf8");
const frame = JSON.parse(await read("boston10.json")) as { df: Record<string, number>[] };

describe("BostonService", () => {
  let client: TestClient;
  beforeAll(async () => {
    client = await createTestClient(BostonService, { baseDir: folder.pathname });
  });
  afterAll(() => client.close());

  const expectGolden = (prices: number[], golden: number[]): void => {
    expect(prices).toHaveLength(golden.length);
    const largest = Math.max(...prices.map((price, at) => Math.abs(price - (golden[at] ?? Number.NaN))));
    expect(largest).toBeLessThan(1e-3);
  };

  it.each(["boston10", "boston100"])("gives scikit-learn's prices for %s within 1e-3", async (name) => {
    const reply = await client.post("score", JSON.parse(await read(`${name}.json`)));
    expect(reply.status).toBe(200);
    expectGolden(reply.json<number[]>(), JSON.parse(await read(`${name}.out.json`)) as number[]);
  });

  it("gives the same prices for CSV, split and columns", async () => {
    const golden = JSON.parse(await read("boston10.out.json")) as number[];
    const columns = Object.keys(frame.df[0] ?? {});
    const csv = [columns.join(","), ...frame.df.map((row) => columns.map((name) => row[name]).join(","))].join("\n");
    const replies = [
      await client.post("score", new TextEncoder().encode(csv), { "content-type": "text/csv" }),
      await client.post("score", {
        df: { columns, data: frame.df.map((row) => columns.map((name) => row[name] ?? null)) },
      }),
      await client.post("score", {
        df: Object.fromEntries(columns.map((name) => [name, frame.df.map((row) => row[name] ?? null)])),
      }),
    ];
    for (const reply of replies) expectGolden(reply.json<number[]>(), golden);
  });

  it("names the row and the column of a wrong cell, and the column that was meant", async () => {
    const rows: Record<string, number | string>[] = frame.df.map((row) => ({ ...row }));
    rows[3] = { ...rows[3], RM: "oops" };
    const wrong = await client.post("score", { df: rows });
    expect(wrong.status).toBe(400);
    expect(wrong.json()).toMatchObject({ errors: [{ path: "/df/3/RM", message: expect.stringContaining('"oops"') }] });

    const { RM, ...others } = frame.df[0] ?? {};
    const misspelt = await client.post("score", { df: [{ ...others, RMM: RM ?? 0 }] });
    expect(misspelt.status).toBe(400);
    expect(misspelt.text).toMatch(/did you mean \\?"RM\\?"/);
  });
});
