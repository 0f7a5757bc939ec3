import { describe, expect, it } from "vitest";
import { onnx } from "./handle.ts";
import type * as Registry from "./handle-registry.ts";
import { collectHandles } from "./handle-registry.ts";

const sources = (handles: readonly { readonly handle: { readonly source: string } }[]): string[] =>
  handles.map(({ handle }) => handle.source);

describe("collectHandles", () => {
  it("collects the handles of a class that is constructed, in their order", async () => {
    class Service {
      readonly direction = onnx("direction.onnx");
      readonly reader = onnx("reader.onnx");
    }
    const { result, handles } = await collectHandles(() => new Service());
    expect(sources(handles)).toEqual(["direction.onnx", "reader.onnx"]);
    expect(handles[0]?.handle).toBe(result.direction);
  });

  it("keeps collections that overlap apart", async () => {
    const make = (name: string) => async () => {
      onnx(`${name}-1.onnx`);
      await Promise.resolve();
      onnx(`${name}-2.onnx`);
    };
    const [a, b] = await Promise.all([collectHandles(make("a")), collectHandles(make("b"))]);
    expect(sources(a?.handles ?? [])).toEqual(["a-1.onnx", "a-2.onnx"]);
    expect(sources(b?.handles ?? [])).toEqual(["b-1.onnx", "b-2.onnx"]);
  });

  it("goes on after a module that fails, and takes nothing that was made outside", async () => {
    await expect(
      collectHandles(() => {
        throw new Error("in the author's module");
      }),
    ).rejects.toThrow("in the author's module");
    onnx("outside.onnx");
    expect((await collectHandles(() => onnx("inside.onnx"))).handles).toHaveLength(1);
  });

  it("is shared with another copy of this package", async () => {
    const copy: typeof Registry = await import(`./handle-registry.ts?copy=${"2"}`);
    expect(copy.collectHandles).not.toBe(collectHandles);
    const { handles } = await copy.collectHandles(() => onnx("from-the-first-copy.onnx"));
    expect(sources(handles)).toEqual(["from-the-first-copy.onnx"]);
  });
});
