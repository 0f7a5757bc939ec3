import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBento, type BentoReport } from "@bento-ts/packager";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { bentoTs } from "../support/cli.ts";
import { describeWith } from "../support/needs.ts";
import { root } from "../support/server-process.ts";

// Node for the other platform and its picture decoder are downloaded.
vi.setConfig({ testTimeout: 120_000 });

const temporary: string[] = [];
afterAll(() => temporary.forEach((dir) => rmSync(dir, { recursive: true, force: true })));
function tempDir(parent = tmpdir()): string {
  const dir = mkdtempSync(join(parent, "bento-platform-"));
  temporary.push(dir);
  return dir;
}

function project(): string {
  const dir = tempDir(`${root}test/e2e/fixtures`);
  writeFileSync(
    join(dir, "service.ts"),
    `import { api, image, service, text } from "@bento-ts/runtime";
@service({ name: "pictures" }) export class Pictures {
  @api({ input: image(), output: text() }) async size(picture: unknown): Promise<string> { return String(picture); }
}`,
  );
  const manifest = { name: "made", type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } };
  writeFileSync(join(dir, "package.json"), JSON.stringify(manifest));
  return dir;
}

const other = process.arch === "x64" ? "arm64" : "x64";
/** Source: ELF, `e_machine`. */
const MACHINES = { x64: 62, arm64: 183 } as const;

describe("a bento for another platform than this machine", () => {
  const dir = project();
  const out = join(tempDir(), "bento");
  const home = tempDir();
  const build = (env: NodeJS.ProcessEnv = {}): Promise<BentoReport> =>
    buildBento({
      projectDir: dir,
      entryFile: join(dir, "service.ts"),
      outDir: out,
      platform: { os: "linux", cpu: other },
      env: { ...process.env, BENTO_HOME: home, ...env },
    });
  let built: BentoReport;
  beforeAll(async () => {
    built = await build();
  }, 120_000);

  it("holds that platform's Node and native files alone, as the lockfile pins them", () => {
    const all = readdirSync(out, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) =>
      join(parentPath, name),
    );
    const natives = all.filter((path) => /\.(node|so[.\d]*)$|node\/bin\/node$/.test(path));
    expect(natives.length).toBeGreaterThanOrEqual(3);
    for (const path of natives) expect([path, readFileSync(path).readUInt16LE(18)]).toEqual([path, MACHINES[other]]);
    const lock = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8"));
    const names = built.packages.map(({ name }) => name).filter((name) => name.startsWith("@img/sharp"));
    expect(names.sort()).toEqual([`@img/sharp-libvips-linux-${other}`, `@img/sharp-linux-${other}`]);
    const integrity: string = lock.packages[`node_modules/@img/sharp-linux-${other}`].integrity;
    const content = Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
    expect(readFileSync(join(out, "sbom.cdx.json"), "utf8")).toContain(content);
    expect(built.packages.find(({ name }) => name === `@img/sharp-linux-${other}`)?.askedBy).toEqual([
      "@bento-ts/runtime",
      "sharp",
    ]);
  });

  it("is built again without a network", async () => {
    const offline = { npm_config_registry: "http://127.0.0.1:9/", npm_config_cache: tempDir() };
    expect({ ...(await build(offline)), dir: "" }).toEqual({ ...built, dir: "" });
  });
});

describeWith("root", "a full disk", () => {
  it("is named in one sentence, and nothing half-written is left", async () => {
    const disk = tempDir();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]);
    onTestFinished(() => void execFileSync("umount", [disk]));
    mkdirSync(join(disk, "place"));
    const { exitCode, stderr } = await bentoTs(["build", project(), "--no-image", "-o", join(disk, "place/bento")]);
    expect(stderr.trim().split("\n").at(-1)).toBe(
      `error: there is no space left in ${join(disk, "place")}: free some, or name another place (-o, BENTO_HOME)`,
    );
    expect(exitCode).toBe(1);
    expect(readdirSync(join(disk, "place"))).toEqual([]);
  });
});
