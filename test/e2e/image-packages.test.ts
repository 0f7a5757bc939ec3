import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { run } from "../support/cli.ts";
import { describeWith } from "../support/needs.ts";
import { type PackageMirror, startPackageMirror } from "../support/package-mirror.ts";
import { bentoTs, type CommandResult, makeProject } from "../support/run-command.ts";

// Images are built, beside other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FILE = "/usr/share/bento-greeting/word";
/** Debian's client brings BuildKit along; others need a plug-in. */
const BUILDKIT = { DOCKER_BUILDKIT: "1", PATH: `/usr/bin:${process.env["PATH"] ?? ""}` };
const VARIANTS = { classic: { DOCKER_BUILDKIT: "0" }, buildkit: BUILDKIT } as const;
type Variant = keyof typeof VARIANTS;
const VARIANT_NAMES = ["classic", "buildkit"] as const satisfies readonly Variant[];
const LEFT_BY_APT = /^\/var\/(?:lib\/apt\/lists|cache\/apt|log)\/.|\.deb$/;
const SERVICE = `
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "greeting", version: "1.0.0" })
export class Greeting {
  @api({ input: t.Number(), output: t.Number() })
  async same(n: number): Promise<number> { return n; }
}`;
const docker = (...args: readonly string[]): ReturnType<typeof run> => run("docker", args);

describeWith(["docker with a base that has apt", "dpkg-deb"], "image.packages, from a mirror of packages", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-packages-"));
  const own = randomUUID().slice(0, 8);
  const bases: string[] = [];
  let mirror: PackageMirror;
  let project: string;
  beforeAll(async () => {
    mirror = await startPackageMirror({ name: "bento-greeting", path: FILE, text: "hello\n" });
    project = makeProject({
      "package.json": JSON.stringify({ type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } }),
      "service.ts": SERVICE,
      "bento.yaml": "image: { packages: [bento-greeting] }\n",
    });
    const made = await bentoTs(["build", project, "--no-image", "-o", join(temp, "bento")], {
      env: { BENTO_HOME: temp },
    });
    assert.equal(made.code, 0, made.stderr);
  });
  afterAll(async () => {
    await mirror.close();
    await docker("rmi", "--force", ...VARIANT_NAMES.map(tagOf), ...bases);
    for (const dir of [temp, project]) rmSync(dir, { recursive: true, force: true });
  });

  /** A base whose apt knows one source. */
  async function baseWith(name: string, source: string, from = "bento-base:bookworm-minbase"): Promise<string> {
    const tag = `bento-packages-base-${own}:${name}`;
    const dir = join(temp, name);
    mkdirSync(dir);
    writeFileSync(join(dir, "sources.list"), `${source}\n`);
    writeFileSync(join(dir, "Dockerfile"), `FROM ${from}\nCOPY sources.list /etc/apt/sources.list\n`);
    const made = await run("docker", ["build", "-q", "-t", tag, dir], { DOCKER_BUILDKIT: "0" });
    assert.equal(made.exitCode, 0, made.stderr);
    bases.push(tag);
    return tag;
  }

  const tagOf = (variant: Variant): string => `bento-packages-${own}:${variant}`;
  function build(base: string, variant: Variant): Promise<CommandResult> {
    const flags = ["--builder", "docker", "--base-image", base, "--network", "host", "-t", tagOf(variant)];
    return bentoTs(["build", join(temp, "bento"), ...flags], { env: { ...VARIANTS[variant], BENTO_HOME: temp } });
  }

  /** Paths of the files in all layers of an image, also of those that a layer above takes away. */
  async function filesInLayers(tag: string): Promise<readonly string[]> {
    const dir = mkdtempSync(join(temp, "saved-"));
    const list = `docker save ${tag} | tar -x -C ${dir} && find ${dir} -type f -exec tar -tf {} ';' 2>/dev/null`;
    const { stdout } = await run("/bin/sh", ["-c", list]);
    rmSync(dir, { recursive: true, force: true });
    const paths = stdout.split("\n").map((path) => path.replace(/^\.?\/?/, "/"));
    return paths.filter((path) => !path.endsWith("/"));
  }

  describe.each(VARIANT_NAMES)("by docker, %s", (variant) => {
    it("are in the image, and nothing that apt has fetched or written down is", async () => {
      const base = await baseWith(`full-${variant}`, mirror.source);
      expect(await build(base, variant)).toMatchObject({ code: 0 });
      const shown = await docker("run", "--rm", "--network", "none", "--entrypoint", "/bin/cat", tagOf(variant), FILE);
      expect(shown).toMatchObject({ exitCode: 0, stdout: "hello\n" });
      const files = await filesInLayers(tagOf(variant));
      expect(files).toContain(FILE);
      expect(files.filter((path) => LEFT_BY_APT.test(path))).toEqual([]);
    });

    it("end the build in one sentence when the mirror lacks one", async () => {
      const base = await baseWith(`empty-${variant}`, mirror.emptySource);
      const { code, stderr } = await build(base, variant);
      expect([code, stderr.trim().split("\n").at(-1)]).toEqual([
        1,
        'error: docker build failed: apt-get says "Unable to locate package bento-greeting": check image.packages and the base\'s apt sources',
      ]);
    });
  });

  it("end the build in one sentence on a base without apt-get", async () => {
    const base = await baseWith("small", mirror.source, "bento-base:bookworm");
    const { code, stderr } = await build(base, "classic");
    expect([code, stderr.trim().split("\n").at(-1)]).toEqual([
      1,
      "error: docker build failed: image.packages need a base with apt-get, and this one has none",
    ]);
  });
});
