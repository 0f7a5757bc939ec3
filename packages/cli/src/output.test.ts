import { afterEach, describe, expect, it, vi } from "vitest";
import { columns, createPaint, printable, shellWord, sizeText } from "./output.ts";

afterEach(() => vi.unstubAllEnvs());

describe("createPaint", () => {
  it("paints on a terminal only, and never with NO_COLOR", () => {
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "xterm");
    expect(createPaint({ isTTY: true }).red("x")).toBe("\u001b[31mx\u001b[39m");
    expect(createPaint({}).red("x")).toBe("x");
    vi.stubEnv("NO_COLOR", "1");
    expect(createPaint({ isTTY: true }).red("x")).toBe("x");
  });
});

describe("columns", () => {
  it("pads each column to its longest cell and leaves no space at the end", () => {
    expect(columns([["a", "b"], ["longer"], ["c", "d", "e"]], "> ")).toEqual([
      "> a       b",
      "> longer",
      "> c       d  e",
    ]);
  });
});

describe("printable", () => {
  it("shows what would steer a terminal, and keeps line breaks", () => {
    expect(printable("a\u001b[2Jb\r\nü")).toBe("a\\u001b[2Jb\\r\nü");
  });
});

describe("shellWord", () => {
  it("quotes what a shell would split or replace", () => {
    expect(shellWord("a/b.json")).toBe("a/b.json");
    expect(shellWord("My Project")).toBe("'My Project'");
    expect(shellWord("$(x) it's")).toBe(String.raw`'$(x) it'\''s'`);
  });
});

describe("sizeText", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [480_123, "480.1 kB"],
    [3_200_000, "3.2 MB"],
    [1_500_000_000, "1.5 GB"],
  ])("says %d bytes as %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
