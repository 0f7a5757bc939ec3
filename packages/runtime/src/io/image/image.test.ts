import sharp from "sharp";
import { describe, expect, it } from "vitest";
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
const rgb = (width: number, height: number, pixels: readonly number[] | Uint16Array) =>
  sharp(pixels instanceof Uint16Array ? pixels : Uint8Array.from(pixels), { raw: { width, height, channels: 3 } });
const read = async (type: ReturnType<typeof image>, bytes: Uint8Array): Promise<Image> =>
  type.read(parts({ bytes }), options);

// 2 × 2: red, green / blue, (10, 20, 30)
const SQUARE = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30];
const square = await rgb(2, 2, SQUARE).png().toBuffer();

describe("image", () => {
  it("has a spec that is frozen and what JSON makes of it", () => {
    const { spec } = image({ size: [48, 192], channels: "bgr", mean: 0.5, std: [0.5, 0.25, 0.125] });
    expect(spec).toEqual({
      kind: "image",
      size: { height: 48, width: 192 },
      fit: "fill",
      channels: "bgr",
      layout: "nchw",
      formats: ["png", "jpeg", "webp", "gif", "tiff", "avif"],
      maxPixels: 40_000_000,
      scale: 1 / 255,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.25, 0.125],
      dtype: "float32",
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(Object.isFrozen(spec)).toBe(true);
  });

  it("decodes the pixels of a raw body whatever its media type says", async () => {
    const picture = await image().read(parts({ bytes: square, mediaType: "application/octet-stream" }), options);
    expect(picture).toMatchObject({ width: 2, height: 2, format: "png", channels: "rgb" });
    expect([...picture.pixels]).toEqual(SQUARE);
  });

  it.each([
    ["the only part of a form", parts({ bytes: square, name: "any", fileName: "x.jpg", mediaType: "image/jpeg" })],
    ["base64", json(square.toString("base64"))],
    ["base64 under its name", json({ image: square.toString("base64") })],
    ["a data URL", json(`data:image/png;base64,${square.toString("base64")}`)],
    [
      "a BYTES tensor",
      { kind: "tensors", tensors: { x: createTensor("string", [1], [square.toString("base64")]) } } satisfies Payload,
    ],
  ])("decodes %s", async (_, payload) => {
    expect([...(await image().read(payload, options)).pixels]).toEqual(SQUARE);
  });

  it.each(["jpeg", "webp", "gif", "tiff", "avif"] as const)("decodes %s", async (format) => {
    const bytes = await rgb(16, 8, Array.from({ length: 16 * 8 }, () => [200, 100, 50]).flat())
      .toFormat(format)
      .toBuffer();
    const picture = await read(image(), bytes);
    expect(picture).toMatchObject({ width: 16, height: 8, format });
    // One colour survives lossy compression within a few steps.
    for (const [index, value] of [200, 100, 50].entries())
      expect(Math.abs((picture.pixels[index] ?? 0) - value)).toBeLessThanOrEqual(6);
  });

  it("turns a picture upright by its EXIF orientation", async () => {
    // Orientation 6: the stored rows are the columns of the upright picture, right to left. Stored 2 wide, 1 high; upright 1 wide, 2 high.
    const bytes = await rgb(2, 1, [255, 0, 0, 0, 0, 255]).png().withMetadata({ orientation: 6 }).toBuffer();
    const picture = await read(image(), bytes);
    expect(picture).toMatchObject({ width: 1, height: 2 });
    expect([...picture.pixels]).toEqual([255, 0, 0, 0, 0, 255]);
  });

  it("puts transparent pixels on white", async () => {
    const pixels = Uint8Array.of(255, 0, 0, 0, 9, 8, 7, 255, 0, 0, 0, 51);
    const bytes = await sharp(pixels, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    // 51/255 black on white is 0.8 × 255.
    expect([...(await read(image(), bytes)).pixels]).toEqual([255, 255, 255, 9, 8, 7, 204, 204, 204]);
  });

  it("takes the upper 8 of 16 bits", async () => {
    const bytes = await rgb(2, 1, Uint16Array.of(0, 0x80ff, 0xffff, 0x0100, 0x7f00, 0x01ff))
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe("ushort");
    expect([...(await read(image(), bytes)).pixels]).toEqual([0, 128, 255, 1, 127, 1]);
  });

  it("makes three channels of a gray picture and one of a coloured", async () => {
    const gray = await sharp(Uint8Array.of(0, 77, 255), { raw: { width: 3, height: 1, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect((await sharp(gray).metadata()).channels).toBe(1);
    expect([...(await read(image(), gray)).pixels]).toEqual([0, 0, 0, 77, 77, 77, 255, 255, 255]);
    expect([...(await read(image({ channels: "gray" }), gray)).pixels]).toEqual([0, 77, 255]);
    // 0.299 × 255 = 76.2, 0.587 × 255 = 149.7, 0.114 × 255 = 29.1, 2.99 + 11.74 + 3.42 = 18.15
    expect([...(await read(image({ channels: "gray" }), square)).pixels]).toEqual([76, 150, 29, 18]);
  });

  it("orders the channels as asked", async () => {
    expect([...(await read(image({ channels: "bgr" }), square)).pixels]).toEqual([
      0, 0, 255, 0, 255, 0, 255, 0, 0, 30, 20, 10,
    ]);
  });

  it("takes the first frame of an animation", async () => {
    const frames = Uint8Array.from([...Array<number>(12).fill(10), ...Array<number>(12).fill(200)]);
    const bytes = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } })
      .gif({ delay: [10, 10] })
      .toBuffer();
    const picture = await read(image(), bytes);
    expect(picture).toMatchObject({ width: 2, height: 2, format: "gif" });
    expect([...picture.pixels]).toEqual(Array<number>(12).fill(10));
  });

  it.each([
    [{ size: [1, 3] as const }, 3, 1],
    [{ size: { height: 4 } }, 8, 4],
    [{ size: { width: 2 } }, 2, 1],
    [{ size: [9, 9] as const, fit: "inside" as const }, 9, 5],
    [{ size: [9, 9] as const, fit: "contain" as const }, 9, 9],
    [{ size: [5, 5] as const, fit: "cover" as const }, 5, 5],
  ])("resizes 4 × 2 pixels with %j", async (given, width, height) => {
    const bytes = await rgb(4, 2, Array<number>(24).fill(90)).png().toBuffer();
    const picture = await read(image(given), bytes);
    expect(picture).toMatchObject({ width, height });
    // One colour stays what it is; `contain` adds black rows above and below.
    expect(new Set(picture.pixels)).toEqual(new Set("fit" in given && given.fit === "contain" ? [0, 90] : [90]));
  });

  it("is answered as PNG, as base64 of it, or as a BYTES tensor", async () => {
    const type = image({ channels: "bgr" });
    const picture = await read(type, square);
    const written = await type.write(picture, "parts", options);
    expect(written).toMatchObject({ parts: [{ mediaType: "image/png" }] });
    const payloads = [
      written,
      await type.write(picture, "json", options),
      await type.write(picture, "tensors", options),
    ];
    for (const payload of payloads) expect([...(await image().read(payload, options)).pixels]).toEqual(SQUARE);
  });
});

describe("image options", () => {
  it.each([
    [{ size: [0, 5] }, "size: expected a whole number from 1 to 16384, got 0"],
    [{ size: [5] }, "size: expected [height, width] or { height, width }"],
    [{ size: {} }, "size: expected [height, width]"],
    [{ size: { heigth: 5 } }, "size: expected [height, width]"],
    [{ fit: "stretch" }, 'fit: expected fill, contain, cover, inside, got "stretch"'],
    [{ channels: "rgba" }, "channels: expected rgb, bgr, gray"],
    [{ layout: "cnhw" }, "layout: expected nchw"],
    [{ formats: [] }, "formats: expected some of png"],
    [{ formats: ["svg"] }, "formats: expected png"],
    [{ maxPixels: 0 }, "maxPixels: expected a whole number"],
    [{ scale: 0 }, "scale: expected a finite number other than 0, got 0"],
    [{ std: [1, 0, 1] }, "std: expected a finite number other than 0, got 0"],
    [{ mean: [1, 2] }, "mean: expected one number or 3 of them, got 2"],
    [{ mean: [1, 2, 3], channels: "gray" }, "mean: expected one number, got 3"],
    [{ mean: Number.NaN }, "mean: expected a finite number, got NaN"],
    [{ dtype: "uint8", mean: 0.5 }, "dtype: uint8 gives the pixels as they are"],
    [{ dtype: "float64" }, "dtype: expected float32, uint8"],
    [{ resize: [1, 1] }, "unknown option resize"],
  ])("%j are refused", (given, message) => {
    const make: (options: object) => unknown = image;
    expect(() => make(given)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});
