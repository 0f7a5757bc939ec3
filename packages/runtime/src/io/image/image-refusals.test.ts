import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { createTensor } from "../../tensor/tensor.ts";
import { contentFromBytes } from "../content.ts";
import type { Part, Payload } from "../types.ts";
import { image } from "./image.ts";
import type { Image } from "./picture.ts";

const options = { nan: "error" } as const;
const parts = (...all: (Partial<Part> & { bytes: Uint8Array })[]): Payload => ({
  kind: "parts",
  parts: all.map(({ bytes, ...more }) => ({
    name: undefined,
    fileName: undefined,
    mediaType: "image/png",
    content: contentFromBytes(bytes),
    ...more,
  })),
});
const json = (value: unknown): Payload => ({ kind: "json", value });
const rgb = (width: number, height: number, pixels: readonly number[]) =>
  sharp(Uint8Array.from(pixels), { raw: { width, height, channels: 3 } });
const read = async (type: ReturnType<typeof image>, bytes: Uint8Array): Promise<Image> =>
  type.read(parts({ bytes }), options);
const refusal = (path: string, message: string) => ({
  code: "INVALID_ARGUMENT",
  problems: [{ path, message: expect.stringContaining(message) }],
});

// 2 × 2: red, green / blue, (10, 20, 30)
const SQUARE = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30];
const square = await rgb(2, 2, SQUARE).png().toBuffer();

describe("image refuses", () => {
  const svg = Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');

  it.each([
    [parts({ bytes: svg, name: "image" }), "/image", "got an SVG drawing"],
    [
      parts({ bytes: Buffer.from("<svg/>") }),
      "",
      "expected a picture (png, jpeg, webp, gif, tiff, avif), got an SVG drawing",
    ],
    [parts({ bytes: Buffer.from("%PDF-1.7") }), "", "got a PDF document"],
    [parts({ bytes: Buffer.from("0000001c667479706865696300000000", "hex") }), "", "got a HEIC picture"],
    [parts({ bytes: Buffer.from("hello") }), "", "got not a picture"],
    [parts({ bytes: Buffer.alloc(0) }), "", "got an empty file"],
    [
      parts({ bytes: square, name: "a" }, { bytes: square, name: "b" }),
      "/b",
      "expected one part with the image, got 2",
    ],
    [parts(), "", "got an empty form"],
    [json("not base64"), "", "not base64"],
    [json({ image: "Zm9v" }), "/image", "got not a picture"],
    [json({ image: "Zm9" }), "/image", "not base64"],
    [json({ picture: "Zm9v" }), "/picture", 'expected only "image"'],
    [json("data:image/png,abc"), "", "expected a data URL"],
    [json("http://169.254.169.254/x.png"), "", "not base64"],
    [
      { kind: "tensors", tensors: { x: createTensor("string", [2], ["a", "b"]) } } satisfies Payload,
      "/x",
      "got string [2]",
    ],
  ])("%#", async (payload, path, message) => {
    await expect((async () => image().read(payload, options))()).rejects.toMatchObject(refusal(path, message));
  });

  it("a format that is not listed", async () => {
    await expect(read(image({ formats: ["jpeg", "webp"] }), square)).rejects.toMatchObject(
      refusal("", "expected a picture (jpeg, webp), got a png picture"),
    );
  });

  it.each(["png", "jpeg", "webp", "gif", "avif", "tiff"] as const)("a %s that is cut short", async (format) => {
    const noise = Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919 + index * index) % 256);
    const bytes = await rgb(64, 64, noise).toFormat(format).toBuffer();
    for (const share of [0.1, 0.5, 0.9]) {
      const cut = bytes.subarray(0, Math.max(16, Math.floor(bytes.length * share)));
      await expect(image().read(parts({ bytes: cut, name: "image" }), options)).rejects.toMatchObject(
        refusal("/image", `the ${format} picture is damaged or cut short`),
      );
    }
  });

  it("more pixels than allowed, from the header alone", async () => {
    // A PNG header of 50000 × 50000 pixels without any pixel data.
    const header = Buffer.from(square.subarray(0, 33));
    header.writeUInt32BE(50_000, 16);
    header.writeUInt32BE(50_000, 20);
    const { crc32 } = await import("node:zlib");
    header.writeUInt32BE(crc32(header.subarray(12, 29)), 29);
    const bytes = Buffer.concat([header, square.subarray(33)]);
    await expect(read(image(), bytes)).rejects.toMatchObject(
      refusal("", "a picture of 50000×50000 pixels has more than 40000000 pixels"),
    );
  });

  it("pixels past the limit, counting frames", async () => {
    const four = image({ maxPixels: 4 });
    expect(await read(four, square)).toMatchObject({ width: 2 });
    await expect(read(image({ maxPixels: 3 }), square)).rejects.toMatchObject(
      refusal("", "a picture of 2×2 pixels has more than 3 pixels"),
    );
    const frames = Uint8Array.from([...Array<number>(12).fill(10), ...Array<number>(12).fill(200)]);
    const gif = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } })
      .gif({ delay: [10, 10] })
      .toBuffer();
    await expect(read(four, gif)).rejects.toMatchObject(
      refusal("", "a picture of 2×2 pixels, 2 times has more than 4 pixels"),
    );
  });

  it("a thin picture that resizing would make huge", async () => {
    const thin = await rgb(3000, 1, Array<number>(9000).fill(1)).png().toBuffer();
    await expect(read(image({ size: { height: 48 }, maxPixels: 1_000_000 }), thin)).rejects.toMatchObject(
      refusal("", "a picture of 3000×1 pixels, resized to 144000×48, has more than 1000000 pixels"),
    );
    const picture = await read(image({ maxPixels: 1_000_000 }), thin);
    await expect(picture.resize({ height: 48 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("nothing without a word: damaged bytes give a picture or INVALID_ARGUMENT", async () => {
    const noise = Array.from({ length: 32 * 32 * 3 }, (_, index) => (index * 31 + index * index) % 256);
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (const format of ["png", "jpeg", "webp", "gif", "tiff", "avif"] as const) {
      const whole = await rgb(32, 32, noise).toFormat(format).toBuffer();
      for (let round = 0; round < 25; round += 1) {
        const bytes = Buffer.from(whole);
        for (let flip = 0; flip < 4; flip += 1) bytes[next(bytes.length)] = next(256);
        const outcome = await read(image({ maxPixels: 100_000 }), bytes).catch((error: unknown) => error);
        if (outcome instanceof ServingError)
          expect(outcome).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ path: "" }] });
        else expect(outcome).toHaveProperty("pixels");
      }
    }
  });

  it("to write what is no picture", async () => {
    const write: (value: unknown) => Promise<Payload> = async (value) =>
      image().write(value as Image, "parts", options);
    await expect(write("picture")).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("expected a picture"),
    });
  });
});
