import { describe, expect, it } from "vitest";
import { chooseSignature } from "./choose-signature.ts";
import { assertServable } from "./servable-signature.ts";
import type { SavedModelInfo, SignatureTensor } from "./types.ts";

const x: SignatureTensor = { name: "x", tensor: "x:0", type: "float32", dtype: "float32", shape: [null, 4] };
const y: SignatureTensor = { name: "y", tensor: "y:0", type: "float32", dtype: "float32" };

function infoOf(...names: readonly string[]): SavedModelInfo {
  const signatures = names.map((name) => ({ name, inputs: [x], outputs: [y] }));
  return { tags: ["serve"], tensorflowVersion: "2.15.1", signatures, hasVariables: false };
}

describe("chooseSignature", () => {
  it("takes the one that was named, else serving_default, else the only one", () => {
    expect(chooseSignature(infoOf("a", "serving_default"), "a").name).toBe("a");
    expect(chooseSignature(infoOf("a", "serving_default"), undefined).name).toBe("serving_default");
    expect(chooseSignature(infoOf("a"), undefined).name).toBe("a");
  });

  it.each([
    [
      ["encode", "decode"],
      "encod",
      /^unknown signature "encod" \(did you mean "encode"\?\); the model has "encode" \(takes x: float32 \[-1,4\]\), "decode"/,
    ],
    [
      ["encode", "decode"],
      undefined,
      /^expected one signature or "serving_default" among several: choose one by the option "signature"; the model has/,
    ],
    [[], undefined, /the model has none/],
  ])("lists what there is: %j, asked for %j", (names, wanted, message) => {
    expect(() => chooseSignature(infoOf(...names), wanted)).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringMatching(message) }),
    );
  });
});

describe("assertServable", () => {
  it("keeps the tensor of the graph, and says where the rank is open", () => {
    expect(assertServable({ name: "s", inputs: [x], outputs: [y] })).toEqual({
      inputs: [{ name: "x", tensor: "x:0", dtype: "float32", shape: [null, 4] }],
      outputs: [{ name: "y", tensor: "y:0", dtype: "float32", shape: [], anyRank: true }],
    });
  });

  it("refuses what can't be carried, each with its place", () => {
    const inputs = [
      { name: "a/b", type: "sparse tensor of float32" },
      { ...x, type: "bfloat16", dtype: "bfloat16" } as const,
    ];
    expect(() =>
      assertServable({ name: "s", inputs, outputs: [{ name: "r", tensor: "r:0", type: "resource" }] }),
    ).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        problems: [
          {
            path: "/inputs/a~1b",
            message: expect.stringContaining("is a sparse tensor of float32, and only dense tensors"),
          },
          { path: "/inputs/x", message: expect.stringContaining("is bfloat16") },
          { path: "/outputs/r", message: expect.stringContaining("is resource") },
        ],
      }),
    );
    expect(() => assertServable({ name: "s", inputs: [x], outputs: [] })).toThrow("got no output");
  });
});
