import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { describeWith } from "../support/needs.ts";
import { bentoTs, makeProject, run } from "../support/run-command.ts";

// An image is built, and copied by other tools.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const SERVICE = `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "echo", version: "2.1.0" })
export class Echo {
  @api({ input: t.Number(), output: t.Number() })
  echo(n: number): number { return n; }
}`;

describeWith(["docker with a base image", "skopeo"], "bento-ts inspect of what lies in files", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-inspect-files-"));
  const at = (name: string): string => join(temp, name);
  let project: string;
  const succeed = async (file: string, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(file, args);
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
    return stdout;
  };
  const ours = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await bentoTs(args, {
      env: { BENTO_HOME: at("home"), DOCKER_HOST: "unix:///none" },
    });
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
    return stdout;
  };

  beforeAll(async () => {
    project = makeProject({
      "package.json": JSON.stringify({ name: "echo", type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } }),
      "service.ts": SERVICE,
    });
    await succeed("docker", "save", "-o", at("base.tar"), "bento-base:bookworm");
    await ours("build", project, "--builder", "oci", "--base-image", at("base.tar"), "-o", at("docker.tar"));
    await ours("build", project, "--builder", "oci", "--base-image", at("base.tar"), "-o", at("layout"));
    await succeed("skopeo", "copy", "--quiet", `oci:${at("layout")}`, `oci-archive:${at("archive.tar")}`);
    await ours("bentos", "export", "echo:2.1.0", at("echo.bento.tar"));
  });
  afterAll(() => {
    for (const dir of [temp, project]) rmSync(dir, { recursive: true, force: true });
  });

  it.each(["docker.tar", "layout", "archive.tar"])(
    "tells an image in %s, its layers and its bento, without an engine",
    async (name) => {
      const { digest } = JSON.parse(readFileSync(at("layout/index.json"), "utf8")).manifests[0] as { digest: string };
      const told = JSON.parse(await ours("inspect", at(name), "--json")) as Record<string, unknown> & {
        layers: object[];
      };
      expect(told).toMatchObject({
        kind: "image",
        platform: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
        user: "65532:0",
        labels: { "org.opencontainers.image.title": "echo", "org.opencontainers.image.version": "2.1.0" },
        bento: { definition: { name: "echo", version: "2.1.0" } },
      });
      // Base, Node, dependencies, code.
      expect(told.layers).toHaveLength(4);
      expect(told["repoDigests"]).toEqual(name === "layout" ? [digest] : []);
      expect(await ours("inspect", at(name))).toContain("echo 2.1.0");
    },
  );

  it("tells an exported bento as it tells the stored one", async () => {
    const stored = JSON.parse(await ours("inspect", "echo:2.1.0", "--json")) as object;
    const exported = JSON.parse(await ours("inspect", at("echo.bento.tar"), "--json")) as object;
    expect(exported).toEqual({ ...stored, path: expect.stringMatching(/echo\.bento\.tar$/) as string });
  });

  it.each([
    ["cut.tar", (whole: Buffer) => whole.subarray(0, whole.length / 2), /^error: .*cut\.tar/],
    ["none.tar", () => Buffer.from("no tar at all".padEnd(2000, ".")), /^error: .*none\.tar/],
  ])("says of %s in one sentence what is wrong", async (name, change, sentence) => {
    writeFileSync(at(name), change(readFileSync(at("docker.tar"))));
    const { code, stderr } = await bentoTs(["inspect", at(name)]);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
    expect(stderr).toMatch(sentence);
  });

  it("names an image that holds no bento", async () => {
    const { code, stderr } = await bentoTs(["inspect", at("base.tar")]);
    expect([code, stderr]).toEqual([
      1,
      `error: the image in ${at("base.tar")} holds no bento (/app/bento.json): name one that "bento-ts build" has made\n`,
    ]);
  });
});
