import type { ApiDefinition, IoSpec } from "@bento-ts/runtime/definition";
import { describe, expect, it } from "vitest";
import { sampleCall } from "./sample-call.ts";

const text: IoSpec = { kind: "text", maxLength: null };
const apiOf = (input: IoSpec, changes: Partial<ApiDefinition> = {}): ApiDefinition => ({
  name: "score",
  role: "predict",
  model: { name: "score", version: "1" },
  default: true,
  summary: "",
  description: "",
  input,
  output: text,
  stream: false,
  batch: null,
  nan: "error",
  timeoutMs: null,
  maxBodyBytes: null,
  authorize: null,
  examples: [],
  ...changes,
});
const example = (input: ApiDefinition["examples"][number]["input"]): Partial<ApiDefinition> => ({
  examples: [{ name: "one", input, output: null, tolerance: 0 }],
});
const place = { url: "http://127.0.0.1:3000", folder: "my service" };
const secured = { ...place, url: "https://127.0.0.1:3000", caFile: "/home/a b/ca.pem" };
const frame: IoSpec = {
  kind: "dataFrame",
  key: "df",
  columns: {
    rooms: { type: "float64", min: 1 },
    town: { type: "string" },
    river: { type: "bool" },
    zone: { type: "string", enum: ["A", "B"] },
  },
  case: "exact",
  extra: "error",
  orient: "records",
  minRows: 0,
  maxRows: null,
};
const image: IoSpec = {
  kind: "image",
  size: null,
  fit: "fill",
  channels: "rgb",
  layout: "nchw",
  formats: ["png"],
  maxPixels: 1e6,
  scale: 1,
  mean: [0],
  std: [1],
  dtype: "float32",
};

describe("sampleCall", () => {
  it("sends the file of the first example, from where the command runs", () => {
    expect(sampleCall(apiOf(frame, example({ file: "examples/a.json" })), place)).toBe(
      "curl http://127.0.0.1:3000/score -H 'content-type: application/json' --data-binary '@my service/examples/a.json'",
    );
  });

  it("names the authority that curl is to trust", () => {
    expect(sampleCall(apiOf(text), secured)).toMatch(
      /^curl --cacert '\/home\/a b\/ca\.pem' https:\/\/127\.0\.0\.1:3000\/score /,
    );
  });

  it("quotes an example for a shell", () => {
    expect(sampleCall(apiOf(frame, example({ json: { df: "it's" } })), place)).toBe(
      String.raw`curl http://127.0.0.1:3000/score -H 'content-type: application/json' -d '{"df":"it'\''s"}'`,
    );
  });

  it("makes up a row that fits the columns", () => {
    expect(sampleCall(apiOf(frame), place)).toContain(
      `-d '{"df":[{"rooms":1,"town":"text","river":true,"zone":"A"}]}'`,
    );
  });

  it("makes up tensors by shape, with one for a free size", () => {
    const spec: IoSpec = {
      kind: "tensors",
      tensors: { x: { dtype: "float32", shape: [null, 2] }, n: { dtype: "int64", shape: [] } },
    };
    expect(sampleCall(apiOf(spec), place)).toContain(`-d '{"x":[[0,0]],"n":0}'`);
  });

  it("names a file for a body that is too long to be typed", () => {
    expect(sampleCall(apiOf({ kind: "tensor", dtype: "float32", shape: [1, 3, 224, 224] }), place)).toContain(
      "-d @input.json",
    );
  });

  it("sends pictures as they are, and as a field of a form", () => {
    expect(sampleCall(apiOf(image), place)).toContain("-H 'content-type: image/png' --data-binary @picture.png");
    const form: IoSpec = {
      kind: "multipart",
      fields: {
        image: { spec: image, required: true },
        options: { spec: { kind: "json", schema: { type: "object" } }, required: false },
      },
    };
    expect(sampleCall(apiOf(form), place)).toBe("curl http://127.0.0.1:3000/score -F image=@picture.png");
  });

  it("shows a stream as it comes", () => {
    expect(sampleCall(apiOf(text, { stream: true }), place)).toBe(
      "curl -N http://127.0.0.1:3000/score -H 'content-type: text/plain' -d 'some text'",
    );
  });

  it("fills in what a JSON Schema requires, also one that contains itself", () => {
    const schema = {
      type: "object",
      required: ["n", "kind", "list"],
      properties: {
        n: { type: "integer", minimum: 3 },
        kind: { anyOf: [{ const: "a" }, { const: "b" }] },
        list: { type: "array", items: { type: "boolean" } },
        note: { type: "string" },
      },
    };
    expect(sampleCall(apiOf({ kind: "json", schema }), place)).toContain(`-d '{"n":3,"kind":"a","list":[true]}'`);
  });
});
