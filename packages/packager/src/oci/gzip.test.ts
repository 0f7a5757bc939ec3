import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { gzip } from "./gzip.ts";

async function compressed(chunks: readonly Uint8Array[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
  };
  for await (const part of gzip(source())) parts.push(part);
  return Buffer.concat(parts);
}

it("is what gunzip takes, and the same however the bytes are cut", async () => {
  const cut = fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cut, fc.integer({ min: 1, max: 997 }), async (chunks, size) => {
      const whole = Buffer.concat(chunks);
      const others = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        whole.subarray(at * size, (at + 1) * size),
      );
      const bytes = await compressed(chunks);
      expect(gunzipSync(bytes).equals(whole)).toBe(true);
      expect((await compressed(others)).equals(bytes)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

it("compresses more than it takes at once", async () => {
  const pieces = Array.from({ length: 40 }, (_, at) => Buffer.alloc(100_000, at));
  const bytes = await compressed(pieces);
  expect(gunzipSync(bytes).equals(Buffer.concat(pieces))).toBe(true);
  expect(bytes.length).toBeLessThan(40_000);
});

it("writes no time and no name into its head", async () => {
  // Source: RFC 1952, 2.3: magic, deflate, no flags, time 0, no special speed, Unix.
  expect((await compressed([Buffer.from("abc")])).subarray(0, 10).toString("hex")).toBe("1f8b0800000000000003");
});
