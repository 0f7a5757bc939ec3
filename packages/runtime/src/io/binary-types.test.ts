import { describe, expect, it } from "vitest";
import { createTensor } from "../tensor/tensor.ts";
import { bytes } from "./bytes.ts";
import { contentFromBytes } from "./content.ts";
import { createFile, file } from "./file.ts";
import { text } from "./text.ts";
import type { IoType, Part, Payload } from "./types.ts";

const options = { nan: "error" } as const;
const part = (content: string | Uint8Array, more: Partial<Part> = {}): Part => ({
  name: undefined,
  fileName: undefined,
  mediaType: "application/octet-stream",
  content: contentFromBytes(Buffer.from(content)),
  ...more,
});
const parts = (...all: Part[]): Payload => ({ kind: "parts", parts: all });
const json = (value: unknown): Payload => ({ kind: "json", value });
const strings = (name: string, ...data: string[]): Payload => ({
  kind: "tensors",
  tensors: { [name]: createTensor("string", [data.length], data) },
});
const read = async <T>(type: IoType<T>, payload: Payload): Promise<T> => type.read(payload, options);
const refusal = (path: string, message: string) => ({
  code: "INVALID_ARGUMENT",
  problems: [{ path, message: expect.stringContaining(message) }],
});

describe.each([
  ["text", text()],
  ["bytes", bytes()],
  ["file", file()],
])("%s", (_, type) => {
  it("has a spec that is frozen and what JSON makes of it", () => {
    expect(JSON.parse(JSON.stringify(type.spec))).toEqual(type.spec);
    expect(Object.isFrozen(type.spec)).toBe(true);
  });
});

describe("text", () => {
  it("is read from a body in UTF-8, a JSON string and a BYTES tensor", async () => {
    expect(await read(text(), parts(part("\ufeffgrüße")))).toBe("grüße");
    expect(await read(text(), json("grüße"))).toBe("grüße");
    expect(await read(text(), strings("t", "grüße"))).toBe("grüße");
  });

  it("counts characters, not UTF-16 units", async () => {
    expect(await read(text({ maxLength: 2 }), json("😀😀"))).toBe("😀😀");
    await expect(read(text({ maxLength: 2 }), json("😀😀😀"))).rejects.toMatchObject(
      refusal("", "more than 2 characters"),
    );
    await expect(read(text({ maxLength: 2 }), json("abcde"))).rejects.toMatchObject(
      refusal("", "more than 2 characters"),
    );
  });

  it.each([
    [parts(part(Uint8Array.of(0xc3, 0x28), { name: "t" })), "/t", "not valid UTF-8"],
    [json("\ud800"), "", "surrogate"],
    [json(7), "", "expected a text, got 7"],
    [json({ text: "a" }), "", "expected a text, got an object"],
    [strings("t"), "/t", "expected BYTES with one text, got string [0]"],
    [strings("t", "a", "b"), "/t", "got string [2]"],
    [
      { kind: "tensors", tensors: { t: createTensor("float32", [1], Float32Array.of(1)) } } satisfies Payload,
      "/t",
      "got float32 [1]",
    ],
    [{ kind: "tensors", tensors: {} } satisfies Payload, "", "expected one tensor with the text, got none"],
    [parts(), "", "got an empty form"],
    [parts(part("a", { name: "a" }), part("b", { name: "b" })), "/b", "expected one part with the text, got 2"],
  ])("refuses %j", async (payload, path, message) => {
    await expect(read(text(), payload)).rejects.toMatchObject(refusal(path, message));
  });

  it("is written as a text body, a JSON string or a BYTES tensor", async () => {
    const written = await text().write("grüße", "parts", options);
    expect(written).toMatchObject({ kind: "parts", parts: [{ mediaType: "text/plain" }] });
    expect(await read(text(), written)).toBe("grüße");
    expect(await text().write("a", "json", options)).toEqual(json("a"));
    expect(await text().write("a", "tensors", options)).toEqual(strings("output", "a"));
  });

  it("does not write what is no text", () => {
    const type: IoType<unknown> = { ...text(), write: (value, as, nan) => text().write(value as string, as, nan) };
    expect(() => type.write(7, "json", options)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });

  it.each([{ maxLength: -1 }, { maxLength: 1.5 }, { maxlength: 1 }])("refuses the options %j", (given) => {
    expect(() => text(given)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringMatching(/^text: .*max/) }),
    );
  });
});

describe("bytes", () => {
  it.each([
    ["a body", parts(part("foo"))],
    ["base64", json("Zm9v")],
    ["base64 under its name", json({ bytes: "Zm9v" })],
    ["a data URL", json("data:;base64,Zm9v")],
    ["a BYTES tensor with base64", strings("b", "Zm9v")],
    [
      "a uint8 tensor",
      {
        kind: "tensors",
        tensors: { b: createTensor("uint8", [3], Uint8Array.from(Buffer.from("foo"))) },
      } satisfies Payload,
    ],
  ])("are read from %s", async (_, payload) => {
    expect(Buffer.from(await read(bytes(), payload)).toString()).toBe("foo");
  });

  it.each([
    [json("Zm9"), "", "not base64"],
    [json({ bytes: "Zm9" }), "/bytes", "not base64"],
    [json({ bytes: 7 }), "/bytes", 'expected the bytes as base64 text or {"bytes": "<base64>"}, got 7'],
    [json({ data: "Zm9v" }), "/data", 'unknown member, expected only "bytes"'],
    [json({}), "", "got an object"],
    [json(["Zm9v"]), "", "got a list of 1"],
    [json(null), "", "got null"],
    [strings("b", "Zm9"), "/b", "not base64"],
    [
      { kind: "tensors", tensors: { b: createTensor("uint8", [1, 1], Uint8Array.of(1)) } } satisfies Payload,
      "/b",
      "got uint8 [1,1]",
    ],
  ])("refuses %j", async (payload, path, message) => {
    await expect((async () => read(bytes(), payload))()).rejects.toMatchObject(refusal(path, message));
  });

  it("are written as a body of their type, as base64 or as a BYTES tensor", async () => {
    const wav = bytes({ mediaType: "audio/wav" });
    const value = Uint8Array.from(Buffer.from("xfoox")).subarray(1, 4);
    expect(await wav.write(value, "parts", options)).toMatchObject({
      parts: [{ mediaType: "audio/wav", content: { size: 3 } }],
    });
    expect(await wav.write(value, "json", options)).toEqual(json("Zm9v"));
    expect(await wav.write(value, "tensors", options)).toEqual(strings("output", "Zm9v"));
  });

  it.each(["image/*", "Audio/WAV", "wav", "a/b; c=d", ""])("can't be answered as %j", (mediaType) => {
    expect(() => bytes({ mediaType })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("file", () => {
  it("keeps name, type, size and bytes of a part", async () => {
    const value = await read(file(), parts(part("a,b\n", { name: "f", fileName: "x.csv", mediaType: "text/csv" })));
    expect(value).toMatchObject({ name: "x.csv", mediaType: "text/csv", size: 4 });
    expect(Buffer.from(await value.bytes()).toString()).toBe("a,b\n");
    expect(Buffer.concat(await value.stream().toArray()).toString()).toBe("a,b\n");
  });

  it("takes the type of a data URL", async () => {
    expect(await read(file(), json({ file: "data:text/csv;base64,Zm9v" }))).toMatchObject({
      name: undefined,
      mediaType: "text/csv",
      size: 3,
    });
    expect(await read(file({ mediaTypes: ["text/csv"] }), json("Zm9v"))).toMatchObject({
      mediaType: "application/octet-stream",
      size: 3,
    });
  });

  it("refuses types that are not listed", async () => {
    const type = file({ mediaTypes: ["text/csv", "image/*"] });
    expect(await read(type, parts(part("x", { mediaType: "image/png" })))).toMatchObject({ mediaType: "image/png" });
    await expect(
      (async () => read(type, parts(part("x", { name: "f", mediaType: "text/html" }))))(),
    ).rejects.toMatchObject({
      code: "UNSUPPORTED_MEDIA_TYPE",
      message: "/f: expected a file of type text/csv or image/*, got text/html",
    });
  });

  it("is answered with name and type, or as base64", async () => {
    const value = createFile(Buffer.from("foo"), { name: "x.csv", mediaType: "text/csv" });
    expect(await file().write(value, "parts", options)).toMatchObject({
      parts: [{ fileName: "x.csv", mediaType: "text/csv", content: { size: 3 } }],
    });
    expect(await file().write(value, "json", options)).toEqual(json("Zm9v"));
    expect(createFile(Buffer.from(""))).toMatchObject({
      name: undefined,
      mediaType: "application/octet-stream",
      size: 0,
    });
  });
});
