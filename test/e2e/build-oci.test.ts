import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BentoReport, MadeImage } from "@bento-ts/packager";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bentoTs, type Finished, run } from "../support/cli.ts";
import { describeWith, imageTool } from "../support/needs.ts";
import { writePlainBase } from "../support/plain-base.ts";
import { root } from "../support/server-process.ts";

// Compressing Node takes half a minute beside other tests, once.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

interface Built {
  readonly bento: BentoReport;
  readonly otherBentos: readonly BentoReport[];
  readonly image: MadeImage;
  readonly stored: object;
  readonly otherStored: readonly object[];
}

let dir: string;
let base: string;
/** Copies of a project, inside of the workspace so that they find its packages. */
const copies: string[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-oci-"));
  base = writePlainBase(dir, "amd64");
});
afterAll(() => [dir, ...copies].forEach((place) => rmSync(place, { recursive: true, force: true })));

function copyOf(project: string): string {
  const copy = mkdtempSync(join(root, "examples", ".copy-"));
  copies.push(copy);
  cpSync(project, copy, { recursive: true, filter: (path) => !path.includes("/.bento-ts") });
  return copy;
}

const build = (project: string, ...flags: readonly string[]): Promise<Finished> =>
  bentoTs(["build", project, "--builder", "oci", "-t", "oci-test:1", "--json", ...flags], {
    BENTO_HOME: join(dir, "home"),
    // Nothing here asks an engine.
    DOCKER_HOST: `unix://${dir}/none.sock`,
  });
async function built(project: string, ...flags: readonly string[]): Promise<Built> {
  const { exitCode, stdout, stderr } = await build(project, "--base-image", base, ...flags);
  expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Built;
}
const layersOf = ({ image }: Built): Readonly<Record<string, string>> =>
  Object.fromEntries((image.platforms[0]?.layers ?? []).map(({ name, descriptor }) => [name, descriptor.digest]));

describe("bento-ts build --builder oci", () => {
  let project: string;
  let first: Built;
  beforeAll(async () => {
    project = copyOf(`${root}examples/boston`);
    first = await built(project, "-o", join(dir, "one"));
  });

  it("makes an image of layers for Node, dependencies, models and code, within 100 MB", () => {
    const { image } = first;
    expect(image).toMatchObject({ builder: "oci", places: [{ kind: "layout", at: join(dir, "one") }] });
    expect(Object.keys(layersOf(first))).toEqual(["node", "dependencies", "models", "code"]);
    expect(image.bytes.compressed).toBeLessThan(100e6);
    expect(readdirSync(join(dir, "one")).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("makes the same image, byte for byte, of a copy elsewhere, at another time, with no cache of before", async () => {
    const home = join(dir, "home");
    rmSync(home, { recursive: true });
    const copy = copyOf(project);
    const second = await built(copy, "-o", join(dir, "two"));
    expect(second.image.digest).toBe(first.image.digest);
    expect(readdirSync(join(dir, "two/blobs/sha256")).sort()).toEqual(
      readdirSync(join(dir, "one/blobs/sha256")).sort(),
    );
  });

  it("makes after an edit of the code one new layer, of less than 1 MB, and takes the others from before", async () => {
    const file = join(project, "service.ts");
    writeFileSync(file, readFileSync(file, "utf8").replace("House prices by", "Prices of houses by"));
    const second = await built(project, "-o", join(dir, "edited"));
    const layers = second.image.platforms[0]?.layers ?? [];
    expect(layers.map(({ name, isReused }) => [name, isReused])).toEqual([
      ["node", true],
      ["dependencies", true],
      ["models", true],
      ["code", false],
    ]);
    const { code: before, ...others } = layersOf(first);
    const { code: after, ...same } = layersOf(second);
    expect(same).toEqual(others);
    expect(after).not.toBe(before);
    expect(layers.at(-1)?.descriptor.size).toBeLessThan(1e6);
  });

  it("makes an index of images for two platforms without emulation", async () => {
    const both = join(dir, "both-bases");
    for (const architecture of ["amd64", "arm64"] as const) {
      const tar = writePlainBase(mkdtempSync(join(dir, "plain-")), architecture);
      const platform = `linux/${architecture}`;
      const out = join(dir, `base-${architecture}`);
      const made = await run(process.execPath, [
        "--input-type=module",
        "-e",
        `import { openBlobStore } from "${root}packages/packager/dist/blobs/blob-store.js";
         import { readRootfs } from "${root}packages/packager/dist/oci/read-rootfs.js";
         import { writeLayout } from "${root}packages/packager/dist/oci/write-layout.js";
         const blobs = openBlobStore("${dir}/bases");
         const made = await readRootfs("${tar}", { platform: "${platform}", blobs });
         await writeLayout({ ...made, platform: { os: "linux", architecture: "${architecture}" } }, { dir: "${out}", tags: ["base:1"], blobs });`,
      ]);
      expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    }
    // The two layouts as one: their blobs together, and both manifests under one index.
    mkdirSync(both);
    const manifests: unknown[] = [];
    for (const architecture of ["amd64", "arm64"]) {
      cpSync(join(dir, `base-${architecture}`), both, { recursive: true });
      const index = JSON.parse(readFileSync(join(both, "index.json"), "utf8")) as { readonly manifests: unknown[] };
      manifests.push(...index.manifests);
    }
    writeFileSync(join(both, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));

    const out = join(dir, "platforms");
    const flags = ["--platform", "linux/amd64,linux/arm64", "--base-image", both, "-o", out];
    const { exitCode, stdout, stderr } = await build(project, ...flags);
    expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
    const { image, bento, otherBentos, stored, otherStored } = JSON.parse(stdout) as Built;
    expect(image.platforms.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
    const [amd64, arm64] = [bento, ...otherBentos].map(({ dir: place }) => join(place, "node/bin/node"));
    // e_machine of ELF: 62 is x86-64, 183 AArch64.
    expect([amd64, arm64].map((path) => readFileSync(path ?? "").readUInt16LE(18))).toEqual([62, 183]);
    const [layer] = image.platforms.map(
      ({ layers }) => layers.find(({ name }) => name === "models")?.descriptor.digest,
    );
    expect(image.platforms[1]?.layers.find(({ name }) => name === "models")?.descriptor.digest).toBe(layer);

    // Both are in the store, of which the same image is made again.
    const tag = `${bento.name}:${bento.version}`;
    expect([stored, ...otherStored]).toMatchObject([
      { platform: "linux/amd64", tag },
      { platform: "linux/arm64", tag },
    ]);
    const again = await build(tag, ...flags.slice(0, -1), join(dir, "again"));
    expect(again).toMatchObject({ exitCode: 0 });
    expect((JSON.parse(again.stdout) as Built).image.digest).toBe(image.digest);
  });

  describeWith("mounts of one's own", "on a full disk", () => {
    it.each([
      ["image.tar", "home"],
      ["image", "home"],
      ["image.tar", "small/home"],
    ])("says so in one sentence and leaves nothing of -o %s half-written, with BENTO_HOME %s", async (out, home) => {
      const small = join(dir, "small");
      mkdirSync(small, { recursive: true });
      const command = [process.execPath, `${root}packages/cli/dist/bin.js`, "build", project];
      const flags = ["--builder", "oci", "--no-test", "--base-image", base, "-o", join(small, out)];
      // The mount is seen by these processes alone and goes with them.
      const script = `mount -t tmpfs -o size=20m tmpfs '${small}' && mkdir '${small}/home' && "$@"; code=$?; ls -A '${small}'; exit $code`;
      const finished = await run("unshare", ["--mount", "sh", "-c", script, "sh", ...command, ...flags], {
        BENTO_HOME: join(dir, home),
        DOCKER_HOST: `unix://${dir}/none.sock`,
      });
      expect([finished.exitCode, finished.stdout]).toEqual([1, "home\n"]);
      expect(finished.stderr.trim().split("\n").at(-1)).toMatch(/^error: .*there is no space left/);
    });
  });

  it.each([
    [
      ["--base-image", "./nowhere.tar"],
      /^error: the base image "\.\/nowhere\.tar" is not there: expected an OCI layout or a tar at \S+nowhere\.tar$/,
    ],
    [["--platform", "windows/amd64"], /^error: .*windows\/amd64/],
    [["-t", "Bad Name"], /^error: "Bad Name" is no image name/],
  ])("refuses %j in one sentence and leaves nothing behind", async (flags, message) => {
    const out = join(dir, "refused");
    const finished = await build(
      project,
      "--no-test",
      "-o",
      out,
      ...(flags[0] === "--base-image" ? [] : ["--base-image", base]),
      ...flags,
    );
    expect(finished.exitCode).not.toBe(0);
    expect(finished.stderr.trim().split("\n").at(-1)).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });

  describeWith("skopeo", "judged by skopeo", () => {
    it("is a layout with its name, labels and layers", async () => {
      const { exitCode, stdout, stderr } = await run("skopeo", ["inspect", `oci:${join(dir, "one")}:oci-test:1`]);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(JSON.parse(stdout)).toMatchObject({
        Digest: first.image.digest,
        Architecture: "amd64",
        Os: "linux",
        Created: "1970-01-01T00:00:00Z",
        Labels: { "org.opencontainers.image.title": "boston", "org.opencontainers.image.version": "1.4.0" },
      });
      const copied = await run("skopeo", ["copy", `oci:${join(dir, "one")}:oci-test:1`, `dir:${join(dir, "copied")}`]);
      expect([copied.exitCode, copied.stderr]).toEqual([0, ""]);
    });
  });

  describeWith("crane", "judged by crane", () => {
    it("is a tar whose layers, digests and configuration agree", async () => {
      await built(project, "-o", join(dir, "image.tar"));
      const { exitCode, stdout, stderr } = await run(imageTool("crane"), [
        "validate",
        "--tarball",
        join(dir, "image.tar"),
      ]);
      expect([exitCode, stdout + stderr]).toEqual([0, expect.stringContaining("PASS")]);
    });
  });
});
