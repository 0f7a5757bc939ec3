import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBento } from "@bento-ts/packager";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeWith, imageTool, sbomToolsDir } from "../support/needs.ts";
import { run } from "../support/run-command.ts";
import { root } from "../support/server-process.ts";

vi.setConfig({ testTimeout: 120_000 });

interface Component {
  readonly "bom-ref": string;
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

const temporary = mkdtempSync(join(tmpdir(), "bento-sbom-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
const bento = join(temporary, "bento");

/** Reads pictures and runs a model: all kinds of things that a bento can hold. */
const SERVICE = `import { api, image, onnx, service, tensor } from "@bento-ts/runtime";
@service({ name: "pictures", version: "1.2.0", description: "Says what is seen" })
export class Pictures {
  model = onnx("add-one.onnx");
  @api({ input: image(), output: tensor("float32", [1]) })
  async see(): Promise<never> { throw new Error("not called"); }
}`;

let warnings: readonly string[];
beforeAll(async () => {
  const project = mkdtempSync(`${root}test/e2e/fixtures/sbom-`);
  try {
    writeFileSync(join(project, "service.ts"), SERVICE);
    writeFileSync(join(project, "add-one.onnx"), readFileSync(`${root}test/models/add-one.onnx`));
    const manifest = { name: "made", type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } };
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
    ({ warnings } = await buildBento({
      projectDir: project,
      entryFile: join(project, "service.ts"),
      outDir: bento,
    }));
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}, 120_000);

const read = (name: string): string => readFileSync(join(bento, name), "utf8");
const components = (): readonly Component[] => JSON.parse(read("sbom.cdx.json")).components;
const named = (part: string): Component | undefined => components().find((one) => one["bom-ref"].includes(part));

describe("the SBOMs of a bento", () => {
  it("list what lies inside of the runtime's own files", () => {
    const inside = named("node_modules/@bento-ts/runtime#@opentelemetry/sdk-trace@");
    expect(inside).toMatchObject({
      group: "@opentelemetry",
      name: "sdk-trace",
      purl: expect.stringMatching(/^pkg:npm\/%40opentelemetry\/sdk-trace@\d/),
    });
  });

  it("come without a warning where everything installed is locked", () => expect(warnings).toEqual([]));

  it("hold the model, Node, native libraries with what is linked into them, and packages with the lockfile's hashes", () => {
    const digest = { alg: "SHA-256", content: expect.stringMatching(/^[0-9a-f]{64}$/) };
    expect(named("add-one.onnx")).toMatchObject({
      type: "machine-learning-model",
      name: "add-one.onnx",
      hashes: [digest],
    });
    expect(named("node/bin/node")).toMatchObject({ name: "node", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(named("/libonnxruntime.so.1")).toMatchObject({
      name: "libonnxruntime",
      version: "1.30.0",
      hashes: [digest],
    });
    expect(named("#vips")).toMatchObject({ purl: "pkg:generic/vips@8.18.7" });
    const lock = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8"));
    const integrity: string = lock.packages["node_modules/fastify"].integrity;
    const content = Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
    expect(named("node_modules/fastify")).toMatchObject({ version: "5.12.8", hashes: [{ alg: "SHA-512", content }] });
  });

  it("say in both formats the same of what needs what", () => {
    const cdx: { readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[] } =
      JSON.parse(read("sbom.cdx.json"));
    const spdx: {
      readonly packages: readonly object[];
      readonly relationships: readonly { readonly relationshipType: string }[];
    } = JSON.parse(read("sbom.spdx.json"));
    const edges = cdx.dependencies.flatMap(({ dependsOn = [] }) => dependsOn);
    expect(spdx.packages).toHaveLength(components().length + 1);
    expect(spdx.relationships.filter(({ relationshipType }) => relationshipType === "DEPENDS_ON")).toHaveLength(
      edges.length,
    );
    // Everything is reached from the service.
    const needs = new Map(cdx.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
    const reached = new Set<string>();
    const visit = (ref: string): void => {
      if (reached.has(ref)) return;
      reached.add(ref);
      needs.get(ref)?.forEach(visit);
    };
    visit("service");
    expect(components().filter((one) => !reached.has(one["bom-ref"]))).toEqual([]);
  });

  it("fit CycloneDX's own schema of 1.6", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(read("sbom.cdx.json"))).toBeNull();
  });
});

describeWith("spdx-tools", "SPDX's own validator", () => {
  it("finds nothing wrong with the document", async () => {
    const { code, stderr } = await run(join(sbomToolsDir(), "venv/bin/pyspdxtools"), [
      "-i",
      join(bento, "sbom.spdx.json"),
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });
});

describeWith("syft", "a scanner of others", () => {
  it("finds the npm packages that we list, and no others", async () => {
    // Alone the reader of package.json files, as for an image: it must not copy from our own lists, which lie there too.
    const args = [
      "scan",
      `dir:${bento}`,
      "-q",
      "-o",
      "json",
      "--override-default-catalogers",
      "javascript-package-cataloger",
    ];
    const { code, stdout } = await run(imageTool("syft"), args, { env: { SYFT_CHECK_FOR_APP_UPDATE: "false" } });
    expect(code).toBe(0);
    const { artifacts }: { readonly artifacts: readonly { readonly purl: string }[] } = JSON.parse(stdout);
    // What lies inside of another package's files no scanner sees.
    const installed = components().filter((one) => !one["bom-ref"].includes("#@"));
    const ours = installed.flatMap(({ purl = "" }) => (purl.startsWith("pkg:npm/") ? [purl] : []));
    expect(ours.length).toBeGreaterThan(100);
    expect(distinct(artifacts.map(({ purl }) => purl))).toEqual(distinct(ours));
  });
});

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
