import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { rawPart } from "./raw-part.ts";

const limits = { maxBytes: 5_000_000, limitName: "server.limits.binary", signal: new AbortController().signal };

describe("rawPart", () => {
  it("takes the whole body as one part of the request's media type", async () => {
    const { parts, dispose } = await rawPart(
      {
        headers: { "content-type": "Image/PNG; x=1" },
        openBody: () => Readable.from([Buffer.from("ab"), Buffer.from("c")]),
      },
      limits,
    );
    expect(parts).toMatchObject([
      { name: undefined, fileName: undefined, mediaType: "image/png", content: { size: 3 } },
    ]);
    expect(Buffer.from((await parts[0]?.content.bytes()) ?? []).toString()).toBe("abc");
    await dispose();
  });

  it("takes an empty body without media type", async () => {
    const { parts } = await rawPart({ headers: {}, openBody: () => Readable.from([]) }, limits);
    expect(parts).toMatchObject([{ mediaType: "application/octet-stream", content: { size: 0 } }]);
    expect(await parts[0]?.content.stream().toArray()).toEqual([]);
  });

  it("spools a large body and frees it on dispose", async () => {
    const chunk = Buffer.alloc(300_000, "abc");
    const { parts, dispose } = await rawPart(
      { headers: {}, openBody: () => Readable.from([chunk, chunk, chunk, chunk]) },
      limits,
    );
    const content = parts[0]?.content;
    expect(Buffer.from((await content?.bytes()) ?? []).equals(Buffer.alloc(1_200_000, "abc"))).toBe(true);
    await dispose();
    await expect(content?.bytes()).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("refuses text in another character set", async () => {
    await expect(
      rawPart({ headers: { "content-type": "text/plain; charset=utf-16" }, openBody: () => Readable.from([]) }, limits),
    ).rejects.toMatchObject({
      code: "UNSUPPORTED_MEDIA_TYPE",
    });
  });

  it("refuses a body past its limit", async () => {
    const openBody = () => Readable.from([Buffer.alloc(3_000_000), Buffer.alloc(3_000_000)]);
    await expect(rawPart({ headers: {}, openBody }, limits)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });
});
