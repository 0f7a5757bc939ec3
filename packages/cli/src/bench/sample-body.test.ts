import type { ApiDefinition } from "@bento-ts/runtime/definition";
import { describe, expect, it } from "vitest";
import { sampleBody } from "./sample-body.ts";

const dtype = "float32";
const one: Pick<ApiDefinition, "name" | "input"> = {
  name: "a",
  input: { kind: "tensor", dtype, shape: [null, 2] },
};
const two: typeof one = {
  name: "a",
  input: { kind: "tensors", tensors: { x: { dtype, shape: [null] }, y: { dtype, shape: [null] } } },
};

describe("sampleBody", () => {
  it("makes tensors up in the shapes that are given, one for itself under the name that V2 gives it", () => {
    expect(sampleBody(one, {})).toEqual([[0, 0]]);
    expect(sampleBody(one, { input: [3, 2] })).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(sampleBody(two, { y: [2] })).toEqual({ x: [0], y: [0, 0] });
  });

  it.each<[typeof one, string, string]>([
    [one, "x", '--shape: the input has no tensor "x", it has input'],
    [two, "z", '--shape: the input has no tensor "z", it has x, y'],
    [{ name: "a", input: { kind: "text", maxLength: null } }, "x", '--shape: the input has no tensor "x", none at all'],
  ])("says that there is no such tensor", (api, name, message) => {
    expect(() => sampleBody(api, { [name]: [1] })).toThrow(message);
  });

  it("makes up nothing that fills the memory", () => {
    expect(() => sampleBody(one, { input: [99_999, 99_999] })).toThrow("at most 20000000 are made up");
  });
});
