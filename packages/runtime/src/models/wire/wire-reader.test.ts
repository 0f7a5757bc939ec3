import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileMessage, keep, readMessage, type FieldRules, type WireMessage } from "./wire-reader.ts";
import { bytesSource } from "./wire-source.ts";

const read = (hex: string, rules: FieldRules): void => {
  readMessage(fileMessage(bytesSource(Buffer.from(hex.replaceAll(" ", ""), "hex"), "ONNX model"), "Test"), rules);
};

const readInts = (hex: string): number[] => {
  const values: number[] = [];
  read(hex, { 1: { name: "a", int: (value) => void values.push(value) } });
  return values;
};

const refusal = (message: string): object =>
  expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringContaining(message) });

describe("readMessage", () => {
  it("reads the worked examples of the protobuf encoding guide", () => {
    // protobuf.dev "Encoding": a=150 is 08 96 01; b="testing" is 12 07 …; c={a:150} is 1a 03 08 96 01.
    const found: unknown[] = [];
    const a: FieldRules = { 1: { name: "a", int: (value) => void found.push(value) } };
    read("08 96 01  12 07 74 65 73 74 69 6e 67  1a 03 08 96 01", {
      ...a,
      2: { name: "b", text: (value) => void found.push(value) },
      3: { name: "c", type: "Inner", message: (inner) => readMessage(inner, a) },
    });
    expect(found).toEqual([150, "testing", 150]);
  });

  it("reads negative numbers from ten bytes and accepts padded varints", () => {
    expect(readInts("08 ff ff ff ff ff ff ff ff ff 01")).toEqual([-1]);
    expect(readInts("08 fe ff ff ff ff ff ff ff ff 01")).toEqual([-2]);
    expect(readInts("08 81 80 80 00")).toEqual([1]);
    expect(readInts("08 ff ff ff ff ff ff ff 0f")).toEqual([2 ** 53 - 1]);
  });

  it("reads every int64 that a number holds exactly", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        let rest = BigInt.asUintN(64, BigInt(value));
        const bytes: number[] = [];
        do {
          bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
          rest >>= 7n;
        } while (rest > 0n);
        expect(readInts(`08${Buffer.from(bytes).toString("hex")}`)).toEqual([value]);
      }),
    );
  });

  it("refuses integers that a number cannot hold", () => {
    expect(() => readInts("08 80 80 80 80 80 80 80 10")).toThrow(
      refusal("at byte 0: Test.a: expected an integer within ±2^53"),
    );
  });

  it("steps over unknown fields of every wire type", () => {
    expect(readInts("28 ff 01  29 01 02 03 04 05 06 07 08  2a 02 ff ff  2d 01 02 03 04  08 07")).toEqual([7]);
  });

  it.each([
    ["a varint of 11 bytes", "08 ff ff ff ff ff ff ff ff ff ff 01", "at byte 1: expected a varint of at most 64 bits"],
    ["a varint of 65 bits", "08 ff ff ff ff ff ff ff ff ff 02", "at byte 1: expected a varint of at most 64 bits"],
    ["a varint that is cut", "08 96", "at byte 1: the varint that starts here runs past the end of its Test"],
    ["a length past the end", "12 05 61 62", "at byte 2: Test.b: expected 5 bytes, 2 are left"],
    ["a negative length", "12 ff ff ff ff ff ff ff ff ff 01", "at byte 11: Test.b: expected a length, 0 are left"],
    ["an unknown field past the end", "42 02 61", "at byte 2: field 8 of Test: expected 2 bytes, 1 are left"],
    ["32 bits that are cut", "2d 01 02 03", "at byte 1: field 5 of Test: expected 4 bytes, 3 are left"],
    ["field number 0", "00 01", "at byte 0: expected a field of Test, got a tag of value 0"],
    ["a field number past 2^29", "80 80 80 80 10 01", "at byte 0: expected a field of Test"],
    ["a group", "2b 2c", "at byte 1: field 5 of Test: expected wire type 0, 1, 2 or 5, got 3"],
    ["wire type 7", "2f", "expected wire type 0, 1, 2 or 5, got 7"],
    ["a known field of another wire type", "0a 00", "at byte 0: Test.a: expected a varint value, got length-delimited"],
    ["a known text given as a number", "10 01", "at byte 0: Test.b: expected a length-delimited value, got varint"],
    [
      "an inner field that leaves its message",
      "1a 02 12 05 61 62 63 64 65",
      "at byte 4: Inner.b: expected 5 bytes, 0 are left",
    ],
  ])("refuses %s with its place", (_case, hex, message) => {
    const rules: FieldRules = {
      1: { name: "a", int: () => undefined },
      2: { name: "b", text: () => undefined },
      3: { name: "c", type: "Inner", message: (inner) => readMessage(inner, rules) },
    };
    expect(() => read(hex, rules)).toThrow(refusal(message));
  });

  it("refuses nesting beyond 100 and takes 100", () => {
    const nested = (levels: number): string => {
      let bytes = Buffer.alloc(0);
      for (let level = 0; level < levels; level++) bytes = Buffer.concat([Buffer.from([0x0a]), lengthOf(bytes), bytes]);
      return bytes.toString("hex");
    };
    let deepest = 0;
    const visit = (message: WireMessage): void => {
      deepest = Math.max(deepest, message.depth);
      readMessage(message, { 1: { name: "c", type: "Inner", message: visit } });
    };
    read(nested(100), { 1: { name: "c", type: "Inner", message: visit } });
    expect(deepest).toBe(100);
    expect(() => read(nested(101), { 1: { name: "c", type: "Inner", message: visit } })).toThrow(
      refusal("nested deeper than 100"),
    );
  });

  it("refuses a text beyond 16 MiB and more than 64 MiB kept in all", () => {
    const bytes = Buffer.concat([
      Buffer.from([0x12]),
      Buffer.from([0x81, 0x80, 0x80, 0x08]),
      Buffer.alloc(16 * 1024 * 1024 + 1),
    ]);
    const message = fileMessage(bytesSource(bytes, "ONNX model"), "Test");
    expect(() => readMessage(message, { 2: { name: "b", text: () => undefined } })).toThrow(
      refusal("Test.b: expected at most 16777216 bytes"),
    );
    const quarter = "x".repeat(16 * 1024 * 1024 - 64);
    for (let count = 0; count < 4; count++) keep(message, quarter);
    expect(() => keep(message, "")).toThrow(refusal("names and metadata take more than 64 MiB"));
  });
});

function lengthOf(bytes: Buffer): Buffer {
  return bytes.length < 128
    ? Buffer.from([bytes.length])
    : Buffer.from([(bytes.length & 0x7f) | 0x80, bytes.length >> 7]);
}
