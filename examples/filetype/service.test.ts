import { readFile } from "node:fs/promises";
import { createTestClient, type TestClient } from "@bento-ts/runtime/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith } from "../../test/support/needs.ts";

const folder = new URL("./samples/", import.meta.url);
const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(new URL(name, folder), "utf8"));

interface Verdict {
  readonly label: string;
  readonly mimeType: string;
  readonly modelLabel: string;
  readonly score: number;
  readonly overwriteReason: string;
}

const samples = (await read("expected.json")) as Record<string, Verdict>;
const edges = (await read("edge-cases.json")) as (Verdict & { name: string; base64: string })[];

// Every expected verdict was given by magika 1.0.3 itself.
describeWith("file-type model", "FiletypeService", () => {
  let client: TestClient;
  beforeAll(async () => {
    const { FiletypeService } = await import("./service.ts");
    client = await createTestClient(FiletypeService);
  });
  afterAll(() => client.close());

  const identify = async (content: Uint8Array): Promise<Verdict> => {
    const reply = await client.post("identify", content);
    expect(reply.status).toBe(200);
    return reply.json<Verdict & { [key: string]: never }>();
  };
  const expectSame = (got: Verdict, { label, mimeType, modelLabel, score, overwriteReason }: Verdict): void => {
    expect(got).toMatchObject({ label, mimeType, modelLabel, overwriteReason });
    expect(Math.abs(got.score - score)).toBeLessThan(1e-5);
  };

  it.each(Object.entries(samples))("knows %s", async (name, verdict) => {
    expectSame(await identify(await readFile(new URL(name, folder))), verdict);
  });

  it.each(edges.map((edge) => [edge.name, edge] as const))("agrees with magika on: %s", async (_name, edge) => {
    expectSame(await identify(Buffer.from(edge.base64, "base64")), edge);
  });
});
