import { describe, expect, it } from "vitest";
import { reasonOf } from "./reason-of.ts";

describe("reasonOf", () => {
  it.each([
    ["an error", new Error("no key"), "no key"],
    ["an error without words", new TypeError(""), "TypeError"],
    ["something else that was thrown", "a text", "a text"],
    ["nothing", undefined, "undefined"],
    ["an object that is no error", { code: 7 }, "{ code: 7 }"],
    ["an error with causes", new Error("a", { cause: new Error("b", { cause: "c" }) }), "a: b: c"],
    ["an error that repeats its cause", new Error("a failed: b", { cause: new Error("b") }), "a failed: b"],
    ["several errors in one", new AggregateError([new Error("first"), new Error("second")]), "AggregateError: first"],
  ])("tells of %s", (_name, thrown, text) => {
    expect(reasonOf(thrown)).toBe(text);
  });

  it("comes to an end for an error that is its own cause", () => {
    const error = new Error("round");
    error.cause = error;
    expect(reasonOf(error)).toBe("round");
  });
});
