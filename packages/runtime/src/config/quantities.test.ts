import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration, parseSize } from "./quantities.ts";

describe("parseDuration", () => {
  it.each([
    ["0s", 0],
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    ["4.35s", 4350],
    ["0.001s", 1],
    ["007s", 7000],
  ])("reads %s as %d ms", (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    "",
    "10",
    "0",
    "s",
    "10 s",
    " 10s",
    "10s ",
    "10S",
    "-1s",
    "+1s",
    "1e3s",
    ".5s",
    "5.s",
    "1h30m",
    "1.5ms",
    "0.0001s",
    "10sec",
    "1d",
    "Infinitys",
    "9".repeat(16) + "s",
    "1s\n",
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("is exact to the millisecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (ms) => {
        const seconds = `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, "0")}s`;
        expect(parseDuration(seconds)).toBe(ms);
        expect(parseDuration(`${ms}ms`)).toBe(ms);
      }),
    );
  });
});

describe("parseSize", () => {
  it.each([
    ["0B", 0],
    ["512B", 512],
    ["100kB", 100_000],
    ["1MB", 1_000_000],
    ["1GB", 1_000_000_000],
    ["1KiB", 1024],
    ["16MiB", 16_777_216],
    ["1GiB", 1_073_741_824],
    ["1.5GiB", 1_610_612_736],
  ])("reads %s as %d bytes", (text, expected) => {
    expect(parseSize(text)).toBe(expected);
  });

  it.each(["", "16", "16Mi", "16mib", "16M", "16 MiB", "1KB", "1.0001kB", "0.5B", "-1B", "999999999999999GiB"])(
    "refuses %j",
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});

it("gives whole, safe numbers or nothing for any text, and nothing for a bare number", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,30}(ms|s|m|h|[kKMGi]{0,2}B)?$/)),
      fc.double(),
      (text, number) => {
        for (const parse of [parseDuration, parseSize]) {
          const value = parse(text);
          expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
          expect(parse(String(number))).toBeUndefined();
        }
      },
    ),
  );
});
