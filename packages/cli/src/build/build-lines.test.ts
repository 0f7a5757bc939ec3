import type { BentoReport, MadeImage } from "@bento-ts/packager";
import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import { buildLines } from "./build-lines.ts";

const bento: BentoReport = {
  dir: "/work/project/.bento-ts/boston-1.4.0",
  name: "boston",
  version: "1.4.0",
  definitionDigest: "sha256:00",
  platform: "linux/amd64",
  runtimeVersion: "0.1.0",
  nodeVersion: "24.21.0",
  base: "debian:12-slim",
  models: [
    { source: "models/bos_rf.onnx", engine: "onnx", path: "models/ab/bos_rf.onnx", digest: "sha256:ab", files: [] },
  ],
  packages: [
    {
      name: "onnxruntime-node",
      version: "1.30.0",
      place: "node_modules/onnxruntime-node",
      bytes: 46_200_000,
      askedBy: ["@bento-ts/runtime"],
      leftOut: { platforms: 242_000_000 },
    },
    { name: "fastify", version: "5.12.8", place: "node_modules/fastify", bytes: 900_000, askedBy: [], leftOut: {} },
  ],
  bytes: {
    node: 126_600_000,
    dependencies: 47_100_000,
    tensorFlow: 0,
    models: 2_900_000,
    service: 12_300,
    total: 176_612_300,
  },
  leftOut: { types: 5_000_000, platforms: 254_800_000 },
  files: [],
  warnings: ["something to know"],
};
const shownPath = (path: string): string => path.replace("/work/project/", "");
const stored = { platform: "linux/amd64", tag: "boston:1.4.0", files: 120, reusedFiles: 118, warning: null };
const steps = [
  { step: "bundling", ms: 250 },
  { step: "describing", ms: 1250 },
];
const rest = { otherBentos: [], otherStored: [], examples: [], sboms: [], stored, steps, image: null, shownPath };
const paint = picocolors.createColors(false);

describe("buildLines", () => {
  it("shows each part with its size and how the bento is served", () => {
    expect(buildLines({ bento, ...rest }, paint)).toEqual([
      "boston 1.4.0 for linux/amd64",
      "  Node          126.6 MB  24.21.0",
      "  dependencies  47.1 MB   2 packages: onnxruntime-node 288.2 MB → 46.2 MB, fastify 900.0 kB, …",
      "  models        2.9 MB    bos_rf.onnx",
      "  service       12.3 kB   code, source map, files",
      "  left out      259.8 MB  other platforms 254.8 MB, types 5.0 MB",
      "  1.5 s: describing 1.3 s, bundling 0.3 s",
      "warning: something to know",
      "bento  .bento-ts/boston-1.4.0  176.6 MB",
      "       boston:1.4.0 in the bento store, 118 of 120 files were there",
      "next: bento-ts serve .bento-ts/boston-1.4.0",
    ]);
  });

  it("shows how near to its tolerance the golden examples came", () => {
    const passed = { ok: true, status: 200, problems: [], total: 0, requestId: null };
    const examples = [
      { ...passed, api: "score", example: "one", tolerance: 1, largest: { path: "/0", difference: 0.5 } },
      { ...passed, api: "score", example: "two", tolerance: 0.001, largest: { path: "/0", difference: 0.00075 } },
      { ...passed, api: "name", example: "text", tolerance: 0, largest: null },
    ];
    expect(buildLines({ bento, ...rest, examples }, paint)).toContain(
      "  golden examples  3 ok, largest difference 0.00075 of 0.001 (score · two)",
    );
  });

  it("tells of each platform's bento where it is", () => {
    const other = { ...bento, dir: `${bento.dir}-arm64`, platform: "linux/arm64" };
    const otherStored = [{ ...stored, platform: "linux/arm64", reusedFiles: 60 }];
    expect(buildLines({ bento, ...rest, otherBentos: [other], otherStored }, paint).slice(-5, -1)).toEqual([
      "bento  .bento-ts/boston-1.4.0  176.6 MB",
      "       boston:1.4.0 in the bento store, 118 of 120 files were there",
      "bento  .bento-ts/boston-1.4.0-arm64  for linux/arm64",
      "       boston:1.4.0 in the bento store, 60 of 120 files were there",
    ]);
  });

  it("warns when the bento could not be stored", () => {
    const failed = {
      ...stored,
      tag: null,
      files: 0,
      reusedFiles: 0,
      warning: "the bento was not put into the store: no space",
    };
    const lines = buildLines({ bento, ...rest, stored: failed }, paint);
    expect(lines).toContain("warning: the bento was not put into the store: no space");
    expect(lines.join()).not.toContain("in the bento store");
  });

  it("shows the image with a command that starts it", () => {
    const image: MadeImage = {
      builder: "docker",
      id: "sha256:1234",
      digest: null,
      tags: ["boston:1", "boston:latest"],
      base: "debian:12-slim",
      bytes: { uncompressed: 187_500_000, compressed: null },
      platforms: [],
      places: [{ kind: "engine", at: "docker" }],
    };
    expect(buildLines({ bento, ...rest, image }, paint).slice(-4)).toEqual([
      "image  boston:1, boston:latest  187.5 MB on debian:12-slim",
      "       sha256:1234",
      "       in the engine: docker",
      "next: docker run --rm -p 127.0.0.1:3000:3000 -e BENTO_SECURITY_ALLOW_ANONYMOUS=true -e BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS=true boston:1",
    ]);
  });
});
