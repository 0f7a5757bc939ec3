import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ENGINES } from "../../packages/packager/src/image/engines/all.ts";
import { bentoTs, type Finished, run } from "../support/cli.ts";
import { BUILDER_OF, engineVariables, removeStores, type Variant, VARIANTS } from "../support/engine-variants.ts";
import { describeWith } from "../support/needs.ts";
import { type PackageMirror, startPackageMirror } from "../support/package-mirror.ts";
import { makeProject } from "../support/run-command.ts";

// Four engines build, beside other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const PACKAGE = "bento-greeting";
const FILE = "usr/share/bento-greeting/word";
const LEFT_BY_APT = /^var\/(?:lib\/apt\/lists|cache\/apt|log)\/.|\.deb$/;
const SERVICE = `
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "greeting", version: "1.0.0" })
export class Greeting {
  @api({ input: t.Number(), output: t.Number() })
  async same(n: number): Promise<number> { return n; }
}`;
const NEEDS = ["docker with a base image", "docker with a base that has apt", "dpkg-deb", "podman", "buildah"] as const;

describeWith(NEEDS, "image.packages, from a mirror of packages", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-packages-"));
  const own = randomUUID().slice(0, 8);
  const base = `localhost/bento-packages-base:${own}`;
  const tagOf = (variant: Variant): string =>
    `localhost/bento-packages-${own}:${variant.replace(" ", "-").toLowerCase()}`;
  const engine = (variant: Variant, args: readonly string[]): Promise<Finished> =>
    run(BUILDER_OF[variant], args, engineVariables(variant, temp));
  let mirror: PackageMirror;

  beforeAll(async () => {
    mirror = await startPackageMirror({ name: PACKAGE, path: `/${FILE}`, text: "hello\n" });
    await makeBento(join(temp, "bento"));
    const dir = join(temp, "base");
    mkdirSync(dir);
    writeFileSync(join(dir, "sources.list"), `${mirror.source}\n`);
    writeFileSync(join(dir, "Dockerfile"), "FROM bento-base:bookworm-minbase\nCOPY sources.list /etc/apt/\n");
    await succeed(engine("docker classic", ["build", "-q", "-t", base, dir]));
    await succeed(engine("docker classic", ["save", "-o", join(temp, "base.tar"), base]));
    for (const name of ["podman", "buildah"] as const)
      await succeed(engine(name, ENGINES[name].load(join(temp, "base.tar"))));
  });
  afterAll(async () => {
    await mirror.close();
    await run("docker", ["rmi", "--force", ...VARIANTS.map(tagOf), base]);
    await removeStores(temp);
  });

  async function succeed(finished: Promise<Finished>): Promise<void> {
    const { exitCode, stderr } = await finished;
    assert.equal(exitCode, 0, stderr);
  }

  /** A bento that asks for the package, without the large parts: no server is started of it. */
  async function makeBento(dir: string): Promise<void> {
    const project = makeProject({
      "package.json": JSON.stringify({ type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } }),
      "service.ts": SERVICE,
      "bento.yaml": `image: { packages: [${PACKAGE}] }\n`,
    });
    await succeed(bentoTs(["build", project, "--no-image", "-o", dir], { BENTO_HOME: temp }));
    rmSync(project, { recursive: true, force: true });
    // It may be the installed one under a second name.
    rmSync(join(dir, "node/bin/node"));
    writeFileSync(join(dir, "node/bin/node"), "");
    rmSync(join(dir, "node_modules"), { recursive: true, force: true });
    mkdirSync(join(dir, "node_modules"));
    writeFileSync(join(dir, "node_modules/none"), "");
  }

  function build(variant: Variant, bento: string, on = base): Promise<Finished> {
    const flags = ["--builder", BUILDER_OF[variant], "--base-image", on, "--network", "host", "-t", tagOf(variant)];
    return bentoTs(["build", bento, ...flags], { ...engineVariables(variant, temp), BENTO_HOME: temp });
  }

  /** Paths of the files in all layers of an image, also of those that a layer above takes away, and the text of the package's file. */
  async function layersOf(variant: Variant): Promise<{ readonly files: readonly string[]; readonly text: string }> {
    const dir = mkdtempSync(join(temp, "saved-"));
    await succeed(engine(variant, ENGINES[BUILDER_OF[variant]].save([tagOf(variant)], join(dir, "image.tar"))));
    const each = (args: string): Promise<Finished> =>
      run("/bin/sh", ["-c", `cd ${dir} && find image -type f -exec tar ${args} ';' 2>/dev/null`]);
    await succeed(run("/bin/sh", ["-c", `cd ${dir} && mkdir image && tar -xf image.tar -C image`]));
    const [{ stdout: list }, { stdout: text }] = [await each("-tf {}"), await each(`-xOf {} ${FILE}`)];
    rmSync(dir, { recursive: true, force: true });
    const files = list.split("\n").map((path) => path.replace(/^\.\//, ""));
    return { files: files.filter((path) => !path.endsWith("/")), text };
  }

  describe.each(VARIANTS)("by %s", (variant) => {
    it("are in the image, and nothing that apt has fetched or written down is", async () => {
      await succeed(build(variant, join(temp, "bento")));
      const { files, text } = await layersOf(variant);
      expect(text).toBe("hello\n");
      expect(files.filter((path) => LEFT_BY_APT.test(path))).toEqual([]);
    });

    it("end the build in one sentence when the mirror lacks one", async () => {
      const bento = join(temp, `absent-${variant}`);
      cpSync(join(temp, "bento"), bento, { recursive: true });
      for (const name of ["image.json", "Dockerfile"]) {
        const text = readFileSync(join(bento, name), "utf8");
        writeFileSync(join(bento, name), text.replaceAll(PACKAGE, "bento-absent"));
      }
      const { exitCode, stderr } = await build(variant, bento);
      expect([exitCode, stderr.trim().split("\n").at(-1)]).toEqual([
        1,
        `error: ${BUILDER_OF[variant]} build failed: apt-get says "Unable to locate package bento-absent": check image.packages and the base's apt sources`,
      ]);
    });
  });

  it("end the build in one sentence on a base without apt-get", async () => {
    const { exitCode, stderr } = await build("docker classic", join(temp, "bento"), "bento-base:bookworm");
    expect([exitCode, stderr.trim().split("\n").at(-1)]).toEqual([
      1,
      "error: docker build failed: image.packages need a base with apt-get, and this one has none",
    ]);
  });
});
