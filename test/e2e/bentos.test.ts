import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBento, createBentoStore } from "@bento-ts/packager";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeBento } from "../../packages/packager/src/bentos/small-bento.fixture.ts";
import { bentoTs, type CommandResult } from "../support/run-command.ts";
import { root, serve } from "../support/server-process.ts";

// A bento of 200 MB is built, stored and served.
vi.setConfig({ testTimeout: 120_000 });

/** As container engines write this machine's architecture. */
const CONTAINER = process.arch === "arm64" ? "arm64" : "amd64";

const temp = mkdtempSync(join(tmpdir(), "bento-bentos-"));
afterAll(() => rmSync(temp, { recursive: true, force: true }));
const env = { BENTO_HOME: join(temp, "home") };
const bentos = (args: readonly string[], home = "home"): Promise<CommandResult> =>
  bentoTs(["bentos", ...args], { env: { BENTO_HOME: join(temp, home) } });

beforeAll(async () => {
  const projectDir = `${root}test/e2e/fixtures/packaged`;
  const dir = join(temp, "bento");
  await buildBento({ projectDir, entryFile: join(projectDir, "src/service.ts"), outDir: dir });
  await createBentoStore(join(temp, "home/bentos")).put(dir);
}, 120_000);

describe("bento-ts bentos", () => {
  it("lists, shows, exports, imports and deletes", async () => {
    expect((await bentos(["list"], "none")).stdout).toContain('"bento-ts build" makes one');
    const [listed] = JSON.parse((await bentos(["list", "--json"])).stdout) as {
      name: string;
      version: string;
      digest: string;
      platform: string;
    }[];
    const tag = `${listed?.name}:${listed?.version}`;
    expect((await bentos(["list"])).stdout).toMatch(new RegExp(`^TAG .*\\n${tag} +linux/`));
    expect((await bentos(["show", tag])).stdout).toMatch(/part +node \(1\d\d\.\d MB/);

    const file = join(temp, "one.tar");
    expect(await bentos(["export", tag, file])).toMatchObject({
      code: 0,
      stdout: `exported ${tag} (${listed?.platform}) to ${file}\n`,
    });
    const imported = await bentos(["import", file, "--json"], "other");
    expect(JSON.parse(imported.stdout)).toMatchObject({ digest: listed?.digest });
    expect((await bentos(["import", file], "other")).stdout).toMatch(/, (\d+) of \1 files were there\n$/);

    const bytes = readFileSync(file);
    bytes[bytes.length - 2000] = (bytes[bytes.length - 2000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const refused = await bentos(["import", file], "third");
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(/^error: "one\.tar" can't be imported: .* changed.*\n$/);
    expect((await bentos(["list", "--json"], "third")).stdout).toBe("[]\n");

    expect(await bentos(["delete", tag], "other")).toMatchObject({ code: 0 });
    expect((await bentos(["show", tag], "other")).stderr).toMatch(
      /^error: there is no bento ".*" in the store .*: it holds nothing yet\n$/,
    );
  });

  it("has one tag for the bentos of several platforms, of which a flag names one", async () => {
    const [own, other] = ["linux/amd64", "linux/arm64"].sort((one) => (one.endsWith(CONTAINER) ? -1 : 1));
    const store = createBentoStore(join(temp, "platforms/bentos"));
    for (const platform of [own, other])
      await store.put(await makeBento(join(temp, `small-${platform}`), { platform }));
    const command = (...args: readonly string[]): Promise<CommandResult> => bentos(args, "platforms");
    expect((await command("list")).stdout.split("\n").slice(1, 3).sort()).toEqual([
      expect.stringMatching(/^small:1\.0\.0 +linux\/amd64 /),
      expect.stringMatching(/^small:1\.0\.0 +linux\/arm64 /),
    ]);
    const file = join(temp, "small.tar");
    expect((await command("export", "small", file)).stdout).toBe(`exported small:1.0.0 (${own}) to ${file}\n`);
    const shown = await command("show", "small:1.0.0", "--platform", other ?? "", "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ platform: other });
    expect((await command("delete", "small:1.0.0", "--platform", other ?? "")).stdout).toMatch(
      new RegExp(`^deleted small:1\\.0\\.0 \\(${other}\\), `),
    );
    const gone = await command("show", "small", "--platform", other ?? "");
    expect([gone.code, gone.stderr]).toEqual([
      1,
      `error: there is no bento "small" for ${other} in the store ${store.dir}: it holds small:1.0.0 (${own})\n`,
    ]);
    expect(await command("show", "small", "--platform", "windows")).toMatchObject({
      code: 1,
      stderr: 'error: images are made for linux/amd64 and linux/arm64, not for "windows"\n',
    });
  });

  it("gives bentos that are served and inspected by their tag, and go on when it is deleted", async () => {
    const { name, version } = (await createBentoStore(join(temp, "home/bentos")).list())[0] ?? {
      name: "",
      version: "",
    };
    const tag = `${name}:${version}`;
    const inspected = await bentoTs(["inspect", tag, "--json"], { env });
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      kind: "service",
      definition: { name, version: version.replace("_", "+") },
    });
    const server = await serve(tag, { env, flags: ["--workers", "1"] });
    try {
      expect((await bentos(["delete", tag])).code).toBe(0);
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
      expect((await createBentoStore(join(temp, "home/bentos")).list()).length).toBe(0);
    } finally {
      await server.stop();
    }
    const { code, stderr } = await bentoTs(["serve", tag], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(`there is no ${tag}: `) as string]);
  });
});
