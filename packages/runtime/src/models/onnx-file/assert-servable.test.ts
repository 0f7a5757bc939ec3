import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { assertServable } from "./assert-servable.ts";
import { parseOnnxFile } from "./parse-onnx-file.ts";
import type { OnnxFileInfo, OnnxValueInfo } from "./types.ts";

const fixture = (name: string): OnnxFileInfo =>
  parseOnnxFile(readFileSync(new URL(`../../../../../test/models/${name}.onnx`, import.meta.url)));

const plain = fixture("mlp-small");
const withInputs = (...inputs: OnnxValueInfo[]): OnnxFileInfo => ({ ...plain, inputs });
const withOutputs = (...outputs: OnnxValueInfo[]): OnnxFileInfo => ({ ...plain, outputs });
const refused = (problems: { path: string; message: unknown }[]): object =>
  expect.objectContaining({ code: "FAILED_PRECONDITION", problems });

describe("assertServable", () => {
  it("leaves out nothing of a model of tensors", () => {
    expect(assertServable(plain)).toEqual({ leftOut: [] });
  });

  it("leaves out what a ZipMap makes, and says how to get a tensor instead", () => {
    expect(assertServable(fixture("zipmap"))).toEqual({
      leftOut: [
        {
          name: "probabilities",
          reason:
            'it is a sequence of map(int64 → float32), not a tensor (export with skl2onnx option "zipmap": False to get a tensor)',
        },
      ],
    });
  });

  it("refuses bfloat16 with the reason, inputs and outputs together", () => {
    const message =
      "is bfloat16, which ONNX Runtime for Node cannot load on a CPU; export the model with float32 or float16";
    expect(() => assertServable(fixture("bfloat16"))).toThrow(
      refused([
        { path: "/inputs/x", message },
        { path: "/outputs/y", message },
      ]),
    );
    expect(() => assertServable(fixture("bfloat16"))).toThrow(`this ONNX model cannot be served: /inputs/x ${message}`);
  });

  it.each(["complex64", "float8e4m3fn", "int4"])("names the element type %s that it refuses", (name) => {
    const message = `is a ${name} tensor, an element type that cannot be served; cast it inside the model`;
    const info = withInputs({ name: "a/b~c", type: "tensor", shape: [], description: `${name} tensor` });
    expect(() => assertServable(info)).toThrow(refused([{ path: "/inputs/a~1b~0c", message }]));
  });

  it("refuses inputs that are not tensors or have no type", () => {
    const info = withInputs(
      { name: "s", type: "optional", description: "optional float32" },
      { name: "u", type: "unknown" },
    );
    expect(() => assertServable(info)).toThrow(
      refused([
        { path: "/inputs/s", message: "is an optional float32, and only tensors can be fed" },
        { path: "/inputs/u", message: "is of no declared type, and only tensors can be fed" },
      ]),
    );
  });

  it("takes an output whose type the engine infers", () => {
    expect(assertServable(withOutputs({ name: "y", type: "unknown" }))).toEqual({ leftOut: [] });
  });

  it("refuses a model without any tensor to answer", () => {
    const map: OnnxValueInfo = { name: "m", type: "map", description: "map(string → float32)" };
    const message = 'expected at least one tensor, got "m": it is a map(string → float32), not a tensor';
    expect(() => assertServable(withOutputs(map))).toThrow(refused([{ path: "/outputs", message }]));
    expect(() => assertServable(withOutputs())).toThrow(
      refused([{ path: "/outputs", message: "expected at least one tensor, got no output" }]),
    );
  });
});
