import { describe, expect, it } from "vitest";
import { listOf, mapOf } from "./key-types-collections.ts";
import { projectPath } from "./key-types-files.ts";
import { basePath, cidrs, host } from "./key-types-network.ts";
import { boolean, duration, integer, type KeyType, oneOf, orAuto, orNull, orOff, size, text } from "./key-types.ts";

/** The value that a type reads, or its faults as "at: expected". */
function read(type: KeyType<unknown>, value: unknown): unknown {
  const outcome = type.read(value);
  return outcome.ok
    ? outcome.value
    : outcome.faults.map((fault) => `${fault.at}: ${"message" in fault ? fault.message : fault.expected}`);
}

/** The same for a variable's text. */
function readText(type: KeyType<unknown>, given: string): unknown {
  const outcome = type.fromText(given);
  return outcome.ok
    ? read(type, outcome.value)
    : outcome.faults.map((fault) => `${fault.at}: ${"message" in fault ? fault.message : fault.expected}`);
}

describe("integer", () => {
  const port = integer({ min: 0, max: 65_535 });
  it.each([0, 80, 65_535])("takes %d", (value) => expect(read(port, value)).toBe(value));
  it.each([-1, 65_536, 1.5, NaN, Infinity, "80", null, true, [80]])("refuses %j", (value) => {
    expect(read(port, value)).toEqual([": an integer from 0 to 65535"]);
  });
  it("reads text of digits only", () => {
    expect(readText(port, "0080")).toBe(80);
    for (const given of ["0x50", "8e1", " 80", "80.0", "tcp://10.0.0.1:80"])
      expect(readText(port, given)).toEqual([": an integer from 0 to 65535"]);
  });
});

it("takes true and false for a boolean and no other word", () => {
  expect(readText(boolean(), "true")).toBe(true);
  expect(readText(boolean(), "false")).toBe(false);
  for (const word of ["1", "yes", "on", "TRUE", ""]) expect(readText(boolean(), word)).toEqual([": true or false"]);
  expect(read(boolean(), "true")).toEqual([": true or false"]);
});

it("takes exactly the words of an enumeration", () => {
  expect(read(oneOf(["drop", "strict"]), "strict")).toBe("strict");
  expect(read(oneOf(["drop", "strict"]), "toString")).toEqual([": one of drop, strict"]);
});

describe("duration and size", () => {
  const timeout = duration({ min: "1ms", max: "1h" });
  it("resolves to milliseconds and bytes, bounds included", () => {
    expect(read(timeout, "60s")).toBe(60_000);
    expect(read(timeout, "1h")).toBe(3_600_000);
    expect(read(size({ min: "1KiB", max: "1GiB" }), "16MiB")).toBe(16_777_216);
  });
  it("says what is out of range", () => {
    expect(read(timeout, "61m")).toEqual([": a duration from 1ms to 1h"]);
    expect(read(timeout, "0s")).toEqual([": a duration from 1ms to 1h"]);
  });
  it.each([60, "60", 0, "0", 1.5])("says of %j that a bare number has no unit", (value) => {
    expect(read(timeout, value)).toEqual([
      ": a duration from 1ms to 1h with its unit (ms, s, m, h); a bare number has none",
    ]);
    expect(read(size({ min: "1B", max: "1GiB" }), value)).toEqual([
      ": a size from 1B to 1GiB with its unit (B, kB, MB, GB, KiB, MiB, GiB); a bare number has none",
    ]);
  });
  it.each(["soon", "60 s", null, ["60s"]])("refuses %j", (value) => {
    expect(read(timeout, value)).toEqual([": a duration from 1ms to 1h with its unit (ms, s, m, h)"]);
  });
});

describe("words beside values", () => {
  it("keeps auto", () => {
    expect(readText(orAuto(integer({ min: 1, max: 4 })), "auto")).toBe("auto");
    expect(readText(orAuto(integer({ min: 1, max: 4 })), "3")).toBe(3);
    expect(readText(orAuto(integer({ min: 1, max: 4 })), "5")).toEqual([": auto, or an integer from 1 to 4"]);
  });
  it("makes off and null nothing", () => {
    const mark = orOff(size({ min: "1MiB", max: "1GiB" }));
    expect(read(mark, "off")).toBeNull();
    expect(read(mark, null)).toBeNull();
    expect(read(mark, "2MiB")).toBe(2_097_152);
    expect(readText(mark, "off")).toBeNull();
    expect(readText(orOff(listOf(boolean(), { label: "answers", sample: "[true]" })), "off")).toBeNull();
    expect(read(mark, 0)).toEqual([
      ": off, or a size from 1MiB to 1GiB with its unit (B, kB, MB, GB, KiB, MiB, GiB); a bare number has none",
    ]);
  });
  it("takes null where nothing may be given", () => {
    expect(read(orNull(text({ label: "a text" })), null)).toBeNull();
    expect(read(text({ label: "a text" }), null)).toEqual([": a text"]);
  });
});

it.each(["", "a\nb", "a\u0000b", "a\u007fb", "x".repeat(4097)])("refuses the text %j", (value) => {
  expect(read(text({ label: "a text" }), value)).toEqual([": a text"]);
});

describe("host", () => {
  it.each(["127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%eth0", "localhost", "a-b.example.com", "boston", "1a"])(
    "takes %s",
    (value) => {
      expect(read(host(), value)).toBe(value);
    },
  );
  it.each([
    "",
    "[::1]",
    "localhost:3000",
    "http://x",
    "a b",
    "-a",
    "a-",
    "a..b",
    "0",
    "127.1",
    "0x7f000001",
    "1.2.3.4.5",
    "a_b",
    "x".repeat(64),
    "*",
  ])("refuses %j", (value) => {
    expect(read(host(), value)).toEqual([": a host name or an IP address, without brackets and port"]);
  });
});

describe("basePath", () => {
  it.each(["/", "/boston", "/models/boston-1.0_x~y"])("takes %s", (value) =>
    expect(read(basePath(), value)).toBe(value),
  );
  it.each([
    "",
    "boston",
    "/boston/",
    "//",
    "/a//b",
    "/a/../b",
    "/.",
    "/a?b",
    "/a#b",
    "/a%2e",
    "/:id",
    "/*",
    "/a b",
    "/ä",
  ])("refuses %j", (value) => {
    expect(read(basePath(), value)).toEqual([': a path such as "/" or "/models/boston", without a slash at its end']);
  });
});

describe("lists and mappings", () => {
  const names = mapOf(text({ label: "a text" }), {
    label: "names to texts",
    names: { pattern: "^[a-z]+$", label: "a name" },
    sample: '{"a":"b"}',
  });

  it("names the place of each bad item", () => {
    expect(read(cidrs(), ["10.0.0.0/8", "ten", 3])).toEqual([
      '[1]: a CIDR or an IP address, such as "10.0.0.0/8" or "fd00::/8"',
      '[2]: a CIDR or an IP address, such as "10.0.0.0/8" or "fd00::/8"',
    ]);
    expect(read(names, { a: "x", b: 1 })).toEqual([".b: a text"]);
  });

  it("refuses a single value in place of a list and a list in place of a mapping", () => {
    expect(read(cidrs(), "10.0.0.0/8")).toEqual([": a list of CIDRs"]);
    expect(read(names, [])).toEqual([": a mapping of names to texts"]);
    expect(read(names, null)).toEqual([": a mapping of names to texts"]);
  });

  it("reads JSON from a variable and says so when it is none", () => {
    expect(readText(cidrs(), '["10.0.0.0/8"]')).toEqual(["10.0.0.0/8"]);
    expect(readText(cidrs(), "10.0.0.0/8,::1")).toEqual([': a list of CIDRs as JSON, such as ["10.0.0.0/8"]']);
    expect(readText(names, '{"a":"x"}')).toEqual({ a: "x" });
  });

  it("refuses names that reach the prototype, whatever the pattern lets through", () => {
    const open = mapOf(text({ label: "a text" }), {
      label: "texts",
      names: { pattern: "", label: "a name" },
      sample: "{}",
    });
    expect(readText(open, '{"__proto__":"x"}')).toEqual([": a name"]);
    expect(readText(open, '{"constructor":"x"}')).toEqual({ constructor: "x" });
  });

  it("freezes what it reads and leaves the given value as it was", () => {
    const given = ["a"];
    const value = read(listOf(text({ label: "a text" }), { label: "texts", sample: "[]" }), given);
    expect(Object.isFrozen(value)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
  });
});

describe("projectPath", () => {
  it.each(["service.ts", "./src/service.ts", "data/**/*.json", "a..b"])("takes %s", (value) =>
    expect(read(projectPath("a file"), value)).toBe(value),
  );
  it.each(["/etc/passwd", "../x", "a/../../x", "..", "C:\\x", "\\\\host\\x", "a\\..\\..\\x"])("refuses %j", (value) => {
    expect(read(projectPath("a file"), value)).toEqual([": a file, relative to the project folder and inside it"]);
  });
});
