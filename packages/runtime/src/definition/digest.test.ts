import { describe, expect, it } from "vitest";
import { defineService } from "./define-service.ts";
import { canonicalJson, digestOf } from "./digest.ts";

describe("canonicalJson", () => {
  it("orders keys by code unit at every depth and keeps the order of lists", () => {
    expect(canonicalJson({ b: [{ z: 1, a: 2 }, 1], a: null, B: "x" })).toBe('{"B":"x","a":null,"b":[{"a":2,"z":1},1]}');
  });
});

describe("digestOf", () => {
  const api = {
    name: "score",
    input: { kind: "text", maxLength: null },
    output: { kind: "text", maxLength: null },
  } as const;

  it("is the SHA-256 of the canonical JSON", () => {
    const digest = digestOf(defineService({ name: "a", apis: [api] }));
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(
      digestOf(defineService({ apis: [{ output: api.output, input: api.input, name: "score" }], name: "a" })),
    ).toBe(digest);
  });

  it("changes with the version", () => {
    expect(digestOf(defineService({ name: "a", version: "1.0.0", apis: [api] }))).not.toBe(
      digestOf(defineService({ name: "a", version: "1.0.1", apis: [api] })),
    );
  });
});
