import { describe, expect, it } from "vitest";
import { compareBytes, compareTexts } from "./compare-content.ts";

describe("compareTexts", () => {
  it("names the first line that differs", () => {
    expect(compareTexts("a\nb\nc", "a\nB\nc").problems).toEqual([
      { path: "", message: 'line 2: expected "B", got "b"' },
    ]);
  });

  it("says when only the end of the text differs", () => {
    expect(compareTexts("a", "a\n").problems[0]?.message).toBe(
      'line 2: expected "", got nothing; only white space at the end differs',
    );
    expect(compareTexts("a\nb", "a").problems[0]?.message).toBe('line 2: expected nothing, got "b"');
  });

  it("finds the same text equal", () => {
    expect(compareTexts("a\n", "a\n")).toEqual({ equal: true, problems: [], total: 0, largest: undefined });
  });
});

describe("compareBytes", () => {
  it("names the first byte that differs, and both lengths", () => {
    expect(compareBytes(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 9)).problems[0]?.message).toBe(
      "expected 2 bytes, got 3; the first difference is at byte 1",
    );
    expect(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1)).problems[0]?.message).toBe(
      "expected 1 bytes, got 2; the first difference is at byte 1",
    );
  });

  it("finds the same bytes equal", () => {
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1)).equal).toBe(true);
  });
});
