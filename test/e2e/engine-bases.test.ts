import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ENGINES } from "../../packages/packager/src/image/engines/all.ts";
import { assertEngineBase } from "../../packages/packager/src/making/assert-engine-base.ts";
import { run } from "../support/cli.ts";
import { engineVariables, removeStores } from "../support/engine-variants.ts";
import { describeWith } from "../support/needs.ts";

// Images are saved, beside other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const GOOD = `localhost/bento-bases-good:${randomUUID().slice(0, 8)}`;
const MUSL = `localhost/bento-bases-musl:${randomUUID().slice(0, 8)}`;
const platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";

describeWith(["docker with a base image", "podman", "buildah"], "the base of an image that an engine builds", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-bases-"));
  beforeAll(async () => {
    // As much of Alpine as tells it from others.
    mkdirSync(join(temp, "alpine/lib"), { recursive: true });
    mkdirSync(join(temp, "alpine/bin"));
    for (const name of ["lib/ld-musl-x86_64.so.1", "bin/sh", "bin/sleep"])
      writeFileSync(join(temp, "alpine", name), "");
    execFileSync("tar", ["-cf", join(temp, "alpine.tar"), "-C", join(temp, "alpine"), "."]);
    await run("docker", ["import", join(temp, "alpine.tar"), MUSL]);
    await run("docker", ["tag", "bento-base:bookworm", GOOD]);
    for (const [name, image] of Object.entries({ good: GOOD, musl: MUSL })) {
      await run("docker", ["save", "-o", join(temp, `${name}.tar`), image]);
    }
  });
  afterAll(async () => {
    await run("docker", ["rmi", "--force", GOOD, MUSL]);
    await removeStores(temp);
  });

  describe.each(["docker", "podman", "buildah"] as const)("of %s", (engine) => {
    it("is refused when it is made for musl, and taken and remembered when a service can start in it", async () => {
      const variables = engine === "docker" ? process.env : engineVariables(engine, temp);
      const env = { ...variables, BENTO_HOME: join(temp, `home-${engine}`) };
      for (const name of engine === "docker" ? [] : ["good", "musl"]) {
        const loaded = await run(engine, ENGINES[engine].load(join(temp, `${name}.tar`)), env);
        expect(loaded).toMatchObject({ exitCode: 0 });
      }
      const options = { platform, env, signal: new AbortController().signal };
      await expect(assertEngineBase(engine, MUSL, options)).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: `the base image "${MUSL}" is made for musl, and native packages need glibc 2.28 or newer: name one such as debian:12-slim`,
      });
      await expect(assertEngineBase(engine, GOOD, options)).resolves.toBeUndefined();
      expect(readdirSync(join(temp, `home-${engine}`, "cache/bases"))).toHaveLength(1);
      await expect(assertEngineBase(engine, GOOD, options)).resolves.toBeUndefined();
    });
  });
});
