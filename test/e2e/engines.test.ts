import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildImage, type Builder } from "../../packages/packager/src/image/build-image.ts";
import { ENGINES } from "../../packages/packager/src/image/engines/all.ts";
import type { ImageFacts } from "../../packages/packager/src/image/image-plan.ts";
import { type Finished, run } from "../support/cli.ts";
import { BUILDER_OF, engineVariables, removeStores, type Variant, VARIANTS } from "../support/engine-variants.ts";
import { describeWith } from "../support/needs.ts";
import { writeSmallBento } from "../support/small-bento.ts";

// Four engines build, beside other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SECRET = "correct-horse-battery-staple";
/** Tells what it got, as a careless script would. */
const SCRIPT = `# ${randomUUID()}: no engine has run it before.
mkdir -p /opt/made
echo made > /opt/made/file
if [ -e /run/secrets/token ]; then cat /run/secrets/token; echo; fi
`;

describeWith(["docker with a base image", "podman", "buildah", "skopeo", "umoci"], "container engines", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-engines-"));
  // Its label goes down to all that is made from it, so that tests beside this one are not counted.
  const label = `bento-test=${randomUUID()}`;
  const base = `localhost/bento-engines-base:${randomUUID().slice(0, 8)}`;

  beforeAll(async () => {
    writeFileSync(join(temp, "Dockerfile"), `FROM bento-base:bookworm\nLABEL ${label}\n`);
    await run("docker", ["build", "-q", "-t", base, "-f", join(temp, "Dockerfile"), temp]);
    await run("docker", ["save", "-o", join(temp, "base.tar"), base]);
    for (const name of ["podman", "buildah"] as const) {
      const { exitCode, stderr } = await engine(name, ENGINES[name].load(join(temp, "base.tar")));
      assert.equal(exitCode, 0, stderr);
    }
  });
  afterAll(async () => {
    const { stdout } = await run("docker", ["images", "--quiet", "--filter", `label=${label}`]);
    await run("docker", ["rmi", "--force", ...new Set(stdout.split("\n").filter((id) => id !== ""))]);
    await removeStores(temp);
  });

  const variables = (variant: Variant): Readonly<Record<string, string | undefined>> => ({
    ...engineVariables(variant, temp),
    TOKEN: SECRET,
  });
  const engine = (variant: Variant, args: readonly string[]): Promise<Finished> =>
    run(BUILDER_OF[variant], args, variables(variant));

  const bento = (name: string, change: Partial<ImageFacts> = {}): string =>
    writeSmallBento(join(temp, name), { base, script: SCRIPT, ...change });

  it("make the same root file system and configuration of one bento, whichever builds it", async () => {
    // Without scripts: where one has run, Docker leaves empty files in /etc to mount its own upon.
    const dir = bento("same", { scripts: [] });
    const made: Record<string, unknown> = {};
    for (const variant of VARIANTS) {
      const tag = `localhost/bento-engines-same:${variant.replace(" ", "-").toLowerCase()}`;
      const builder = BUILDER_OF[variant];
      const env = variables(variant);
      const report = await buildImage({ bentoDir: dir, tags: [tag], builder, env });
      expect(report).toMatchObject({ id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), tags: [tag], base });
      expect(report.bytes).toBeGreaterThan(10e6);
      made[variant] = await contentOf(variant, tag);
    }
    const [first, ...others] = Object.values(made);
    expect(JSON.stringify(first)).toContain("./app/init.sh");
    for (const other of others) expect(other).toEqual(first);
  });

  /** What an image holds, as other people's tools unpack it. */
  async function contentOf(variant: Variant, tag: string): Promise<unknown> {
    const dir = mkdtempSync(join(temp, "content-"));
    const archive = join(dir, "image.tar");
    expect(await engine(variant, ENGINES[BUILDER_OF[variant]].save([tag], archive))).toMatchObject({ exitCode: 0 });
    await run("skopeo", ["copy", "--quiet", `docker-archive:${archive}`, `oci:${dir}/oci:image`]);
    const { stdout } = await run("skopeo", ["inspect", "--config", `oci:${dir}/oci:image`]);
    expect(await run("umoci", ["unpack", "--image", `${dir}/oci:image`, `${dir}/bundle`])).toMatchObject({
      exitCode: 0,
    });
    const list = "find . -printf '%p %y %m %U:%G %l\\n' | sort; find . -type f -exec sha256sum {} + | sort";
    const files = (await run("/bin/sh", ["-c", `cd ${dir}/bundle/rootfs && ${list}`])).stdout.split("\n");
    rmSync(dir, { recursive: true, force: true });
    const { config }: { readonly config: Record<string, unknown> } = JSON.parse(stdout);
    return { config, files };
  }

  describe.each(VARIANTS.filter((variant) => variant !== "docker classic"))("%s", (variant) => {
    const builder = BUILDER_OF[variant];
    it("gives a secret to scripts and leaves no trace of it", async () => {
      const dir = bento(`secret-${variant}`, { secrets: ["token"] });
      const tag = `localhost/bento-engines-secret:${builder}`;
      const lines: string[] = [];
      const onEvent = (event: { readonly kind: string; readonly text?: string }): void =>
        void lines.push(event.text ?? "");
      const env = variables(variant);
      const { id } = await buildImage({
        bentoDir: dir,
        tags: [tag],
        builder,
        env,
        secrets: ["id=token,env=TOKEN"],
        onEvent,
      });
      expect(lines.join("\n")).toContain("***");
      expect(lines.join("\n")).not.toContain(SECRET);
      const archive = join(temp, `secret-${builder}.tar`);
      await engine(variant, ENGINES[builder].save([tag], archive));
      expect(readFileSync(archive).includes(SECRET)).toBe(false);
      expect((await run("grep", ["-r", SECRET, dir])).exitCode).toBe(1);
      expect((await engine(variant, ENGINES[builder].inspect(id))).stdout).not.toContain(SECRET);
    });
  });

  it("refuse secrets in one sentence where Docker has no BuildKit", async () => {
    const options = { bentoDir: bento("refused", { secrets: ["token"] }), tags: [], builder: "docker" } as const;
    const secrets = ["id=token,env=TOKEN"];
    await expect(buildImage({ ...options, secrets, env: variables("docker classic") })).rejects.toThrow(
      /^secrets need BuildKit, and DOCKER_BUILDKIT=0 turns it off: unset it, or use --builder podman or buildah$/,
    );
    await expect(buildImage({ ...options, env: variables("docker classic") })).rejects.toThrow(
      'the bento\'s scripts want the secret "token": give it with --secret id=token,src=FILE',
    );
  });

  describe.each(VARIANTS)("%s ends", (variant) => {
    const builder = BUILDER_OF[variant];
    const env = variables(variant);

    /** Containers and images without a name, of this test's base. */
    async function leftovers(): Promise<readonly string[]> {
      const asked = {
        docker: [
          ["ps", "--all", "--quiet", "--filter", `label=${label}`],
          ["images", "--quiet", "--filter", "dangling=true", "--filter", `label=${label}`],
        ],
        podman: [
          ["ps", "--all", "--external", "--quiet"],
          ["images", "--quiet", "--filter", "dangling=true"],
        ],
        buildah: [
          ["containers", "--quiet"],
          ["images", "--quiet", "--filter", "dangling=true"],
        ],
      } as const satisfies Record<Builder, readonly (readonly string[])[]>;
      const lists = await Promise.all(asked[builder].map(async (args) => (await engine(variant, args)).stdout));
      return lists.flatMap((list) => list.split("\n")).filter((id) => id !== "");
    }

    it("says why a build failed and leaves nothing", async () => {
      const before = await leftovers();
      const dir = bento(`failing-${variant}`);
      writeFileSync(join(dir, "scripts/setup.sh"), "mkdir /opt/half\nfalse\n");
      await expect(buildImage({ bentoDir: dir, tags: ["never:1"], builder, env })).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(new RegExp(`^${builder} build failed: .*setup.sh.*$`)),
      });
      expect(await leftovers()).toEqual(before);
    });

    it("leaves nothing when it is ended", async () => {
      const before = await leftovers();
      const dir = bento(`ended-${variant}`);
      writeFileSync(join(dir, "scripts/setup.sh"), "echo it runs\nexec sleep 600\n");
      const controller = new AbortController();
      const onEvent = (event: { readonly kind: string; readonly text?: string }): void => {
        if (/^(?:#\d+ [\d.]+ )?it runs$/.test(event.text ?? "")) controller.abort(new Error("enough"));
      };
      const built = buildImage({ bentoDir: dir, tags: ["never:1"], builder, env, signal: controller.signal, onEvent });
      await expect(built).rejects.toThrow("enough");
      await expect.poll(leftovers, { timeout: 30_000 }).toEqual(before);
      const never = await engine(variant, ENGINES[builder].inspect("never:1"));
      expect(never.exitCode).not.toBe(0);
    });
  });
});
