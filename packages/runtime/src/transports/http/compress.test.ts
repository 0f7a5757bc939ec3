import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { chooseCoding, compressReply } from "./compress.ts";

const json = { "content-type": "application/json" };

describe("chooseCoding", () => {
  it.each([
    ["gzip, deflate, br", "br"],
    ["gzip", "gzip"],
    ["br;q=0.5, gzip;q=0.8", "gzip"],
    ["br;q=0, gzip;q=0", undefined],
    ["identity", undefined],
    ["*", "br"],
    ["*;q=0.1, br;q=0", "gzip"],
    ["gzip;q=nonsense", undefined],
    ["", undefined],
  ])("reads %j as %j", (header, coding) => {
    expect(chooseCoding(header)).toBe(coding);
  });
});

describe("compressReply", () => {
  const body = JSON.stringify({ values: Array.from({ length: 500 }, (_, index) => index) });

  it("compresses JSON so that the caller gets the same bytes back", async () => {
    const br = await compressReply("br", { status: 200, headers: json, body });
    expect(br.headers).toMatchObject({ "content-encoding": "br", vary: "accept-encoding" });
    expect(brotliDecompressSync(br.body as Uint8Array).toString()).toBe(body);
    const gz = await compressReply("gzip", { status: 200, headers: json, body });
    expect(gunzipSync(gz.body as Uint8Array).toString()).toBe(body);
  });

  it("leaves small bodies, pictures, streams of events and callers without coding alone", async () => {
    const small = { status: 200, headers: json, body: "{}" };
    expect(await compressReply("br", small)).toBe(small);
    const picture = { status: 200, headers: { "content-type": "image/png" }, body: new Uint8Array(5_000) };
    expect(await compressReply("br", picture)).toBe(picture);
    const plain = { status: 200, headers: json, body };
    expect(await compressReply(undefined, plain)).toBe(plain);
  });
});
