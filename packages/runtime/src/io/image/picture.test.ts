import sharp from "sharp";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { TensorOf } from "../../tensor/tensor.ts";
import { contentFromBytes } from "../content.ts";
import type { IoType } from "../types.ts";
import { image } from "./image.ts";
import { createImage } from "./picture.ts";

const options = { nan: "error" } as const;
// 3 × 2 pixels in R, G, B: every value is its own.
const PIXELS = [0, 1, 2, 10, 11, 12, 20, 21, 22, 100, 101, 102, 110, 111, 112, 120, 121, 122];
const bytes = await sharp(Uint8Array.from(PIXELS), { raw: { width: 3, height: 2, channels: 3 } })
  .png()
  .toBuffer();
const read = async <T>(type: IoType<T>): Promise<T> =>
  type.read(
    {
      kind: "parts",
      parts: [{ name: undefined, fileName: undefined, mediaType: "image/png", content: contentFromBytes(bytes) }],
    },
    options,
  );

describe("toTensor", () => {
  it.each([
    ["nchw", [1, 3, 2, 3], [0, 10, 20, 100, 110, 120, 1, 11, 21, 101, 111, 121, 2, 12, 22, 102, 112, 122]],
    ["chw", [3, 2, 3], [0, 10, 20, 100, 110, 120, 1, 11, 21, 101, 111, 121, 2, 12, 22, 102, 112, 122]],
    ["nhwc", [1, 2, 3, 3], PIXELS],
    ["hwc", [2, 3, 3], PIXELS],
  ] as const)("lays the pixels out as %s", async (layout, shape, data) => {
    const tensor = (await read(image({ layout, dtype: "uint8" }))).toTensor();
    expectTypeOf(tensor).toEqualTypeOf<TensorOf<"uint8">>();
    expect(tensor).toEqual({ dtype: "uint8", shape, data: Uint8Array.from(data) });
  });

  it("brings 0 to 255 to 0 to 1 unless told otherwise", async () => {
    const tensor = (await read(image({ layout: "hwc" }))).toTensor();
    expectTypeOf(tensor).toEqualTypeOf<TensorOf<"float32">>();
    expect(tensor).toEqual({
      dtype: "float32",
      shape: [2, 3, 3],
      data: Float32Array.from(PIXELS, (pixel) => pixel / 255),
    });
  });

  it("normalises each channel in the order of the channels", async () => {
    const tensor = (
      await read(image({ channels: "bgr", layout: "chw", scale: 1, mean: [2, 1, 0], std: [1, 2, 4] }))
    ).toTensor();
    // blue − 2, (green − 1) / 2, red / 4
    expect([...tensor.data]).toEqual([0, 10, 20, 100, 110, 120, 0, 5, 10, 50, 55, 60, 0, 2.5, 5, 25, 27.5, 30]);
  });

  it("gives one channel for gray", async () => {
    // 0.299 R + 0.587 G + 0.114 B of (0, 1, 2) is 0.8; the other pixels are the same plus 10, 20, 100 …
    const tensor = (await read(image({ channels: "gray", dtype: "uint8" }))).toTensor();
    expect(tensor).toEqual({ dtype: "uint8", shape: [1, 1, 2, 3], data: Uint8Array.of(1, 11, 21, 101, 111, 121) });
  });

  it("pads on the right and below with 0 after normalising", async () => {
    const picture = await read(image({ channels: "gray", scale: 1, mean: 1 }));
    expect(picture.toTensor({ padTo: { width: 5 } })).toEqual({
      dtype: "float32",
      shape: [1, 1, 2, 5],
      data: Float32Array.of(0, 10, 20, 0, 0, 100, 110, 120, 0, 0),
    });
    expect((await read(image({ layout: "hwc", dtype: "uint8" }))).toTensor({ padTo: { height: 3 } })).toEqual({
      dtype: "uint8",
      shape: [3, 3, 3],
      data: Uint8Array.of(...PIXELS, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    });
    expect(() => picture.toTensor({ padTo: { width: 2 } })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("2×2 pixels for a picture of 3×2"),
      }),
    );
  });
});

describe("a picture", () => {
  it("turns upside down", async () => {
    expect([...(await read(image({ channels: "gray" }))).rotate180().pixels]).toEqual([121, 111, 101, 21, 11, 1]);
    const turned = (await read(image({ channels: "bgr" }))).rotate180();
    expect([...turned.pixels.subarray(0, 6)]).toEqual([122, 121, 120, 112, 111, 110]);
    expect([...turned.rotate180().pixels]).toEqual([...(await read(image({ channels: "bgr" }))).pixels]);
  });

  it.each([
    ["rgb", 3],
    ["bgr", 3],
    ["gray", 1],
  ] as const)("resizes in %s and keeps proportions and normalisation", async (channels, count) => {
    const picture = await read(image({ channels, scale: 1 }));
    const larger = await picture.resize({ height: 4 });
    expect(larger).toMatchObject({ width: 6, height: 4, channels, format: "png" });
    expect(larger.pixels).toHaveLength(6 * 4 * count);
    expect((await larger.resize({ width: 3, height: 2 })).toTensor().shape).toEqual([1, count, 2, 3]);
    expect(picture).toMatchObject({ width: 3, height: 2 });
  });

  it("is encoded with its colours, whatever their order", async () => {
    for (const channels of ["rgb", "bgr"] as const) {
      const png = await (await read(image({ channels }))).encode("png");
      expect([...(await sharp(png).raw().toBuffer())]).toEqual(PIXELS);
    }
    const gray = await (await read(image({ channels: "gray" }))).encode("png");
    expect(await sharp(gray).metadata()).toMatchObject({ format: "png", channels: 1, width: 3, height: 2 });
    expect(await sharp(await (await read(image())).encode("jpeg")).metadata()).toMatchObject({
      format: "jpeg",
      width: 3,
      height: 2,
    });
  });

  it("is made from pixels to answer with", async () => {
    const made = createImage({ width: 2, height: 1, channels: "gray", pixels: Uint8Array.of(0, 255) });
    expect([...made.toTensor().data]).toEqual([0, 1]);
    const written = await image().write(made, "json", options);
    expect([...(await image({ channels: "gray" }).read(written, options)).pixels]).toEqual([0, 255]);
    expect(() => createImage({ width: 2, height: 2, pixels: new Uint8Array(11) })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "expected 12 values for 2×2 pixels in rgb, got 11",
      }),
    );
  });
});
