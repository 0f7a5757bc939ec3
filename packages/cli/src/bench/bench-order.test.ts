import { describe, expect, it } from "vitest";
import { parseBenchUrl, parseHeaders, parseLoad } from "./bench-order.ts";

const DEFAULTS = { concurrency: "16", timeout: "30s" };

describe("parseLoad", () => {
  it("lasts 10 s unless a number of calls is given", () => {
    expect(parseLoad(DEFAULTS)).toEqual({
      requests: Infinity,
      durationMs: 10_000,
      concurrency: 16,
      rate: undefined,
      timeoutMs: 30_000,
    });
    expect(parseLoad({ ...DEFAULTS, requests: "100" })).toMatchObject({ requests: 100, durationMs: 600_000 });
    expect(parseLoad({ ...DEFAULTS, requests: "5", duration: "2s", rate: "7" })).toMatchObject({
      requests: 5,
      durationMs: 2000,
      rate: 7,
    });
  });

  it.each([
    [{ requests: "1000001" }, "--requests: at most 1000000, more needs --unbounded as well"],
    [{ duration: "11m" }, "--duration: at most 10m, more needs --unbounded as well"],
    [{ concurrency: "257" }, "--concurrency: at most 256, more needs --unbounded as well"],
    [{ rate: "50001" }, "--rate: at most 50000, more needs --unbounded as well"],
  ])("refuses %j unless the bounds are lifted", (flags, message) => {
    expect(() => parseLoad({ ...DEFAULTS, ...flags })).toThrow(message);
    expect(() => parseLoad({ ...DEFAULTS, ...flags, unbounded: true })).not.toThrow();
  });

  it.each([
    [{ requests: "0" }, '--requests: expected a whole number, at least 1, got "0"'],
    [{ concurrency: "many" }, '--concurrency: expected a whole number, at least 1, got "many"'],
    [{ duration: "10" }, '--duration: expected a duration such as 10s, got "10"'],
    [{ timeout: "0s" }, '--timeout: expected a duration such as 10s, got "0s"'],
  ])("refuses %j", (flags, message) => {
    expect(() => parseLoad({ ...DEFAULTS, ...flags })).toThrow(message);
  });
});

describe("parseBenchUrl", () => {
  const parse = (text: string, allowRemote = false): string => parseBenchUrl("--url", text, { allowRemote }).href;

  it("takes this machine by any of its names", () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"]) {
      expect(parse(`http://${host}:3000/x`)).toBe(`http://${host}:3000/x`);
    }
  });

  it("takes no other machine unless it is said to be meant", () => {
    for (const url of [
      "https://example.com",
      "http://127.0.0.1.example.com",
      "http://10.0.0.1",
      "http://0.0.0.0:3000",
    ]) {
      expect(() => parse(url)).toThrow(/is not this machine; a load on a server that is not yours is abuse/);
      expect(parse(url, true)).toContain("://");
    }
  });

  it("takes nothing but a bare URL", () => {
    for (const text of ["127.0.0.1:3000", "ftp://127.0.0.1", "http://a:b@127.0.0.1", "http://127.0.0.1/?q=1"]) {
      expect(() => parse(text, true)).toThrow("expected http(s)://host[:port][/prefix]");
    }
  });
});

describe("parseHeaders", () => {
  it("reads names and values, and refuses what is no header", () => {
    expect(parseHeaders(["X-Tenant: a: b", "q:1"])).toEqual({ "x-tenant": "a: b", q: "1" });
    for (const text of ["x", "x:", ": y", "a b: c"])
      expect(() => parseHeaders([text])).toThrow('expected "name: value"');
  });
});
