import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { writePlainBase } from "../support/plain-base.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs, type CommandResult } from "../support/run-command.ts";

// Each test builds a bento and starts a server.
vi.setConfig({ testTimeout: 120_000 });

const { project } = useProjects();
const home = mkdtempSync(join(tmpdir(), "bento-build-home-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const build = (dir: string, ...flags: readonly string[]): Promise<CommandResult> =>
  bentoTs(["build", dir, "--no-image", ...flags], { env: { BENTO_HOME: home } });

/** Halves numbers; only one team may call it. */
const service = (examples: string): string => `
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "golden", version: "1.0.0" })
export class Golden {
  @api({
    input: t.Array(t.Number()), output: t.Array(t.Number()), examples: ${examples},
    authorize: { allow: [{ issuer: "https://idp.example.com", groups: ["team"] }] },
  })
  async halve(list: number[]): Promise<number[]> {
    console.log("halving");
    if (list.some((n) => n < 0)) throw new TypeError("a bug of the author");
    return list.map((n) => n / 2);
  }
}`;
const PACKAGE = JSON.stringify({ name: "golden", type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } });

describe("bento-ts build", () => {
  it("runs the golden examples against the bento, whoever may call its functions, and stops at one that fails with what differs most", async () => {
    const examples =
      '[{ input: [1], output: [0.5] }, { name: "three", input: "in.json", output: "out.json", tolerance: 0.25 }]';
    const files = { "package.json": PACKAGE, "service.ts": service(examples), "in.json": "[1, 2, 3]" };
    const dir = project({ ...files, "out.json": "[0.5, 1.5, 9]" });
    const { code, stdout, stderr } = await build(dir);
    expect(stderr.trim().split("\n").at(-1)).toBe(
      'error: golden example "three" of API "halve" fails: at /2 expected 9 ± 0.25, got 1.5 (off by 7.5); mend the code or the example, or build with --no-test',
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(readdirSync(dir).sort()).toEqual(["in.json", "node_modules", "out.json", "package.json", "service.ts"]);

    const untested = await build(dir, "--no-test", "--json");
    expect(untested.code).toBe(0);
    expect(JSON.parse(untested.stdout)).toMatchObject({
      bento: { warnings: expect.arrayContaining(["golden examples were not run: --no-test"]) },
      examples: [],
    });
    expect(existsSync(join(dir, ".bento-ts/golden-1.0.0/bento.json"))).toBe(true);
  });

  it("makes the image beside the golden examples, and leaves nothing of it when one fails", async () => {
    const dir = project({ "package.json": PACKAGE, "service.ts": service("[{ input: [1], output: [9] }]") });
    const out = mkdtempSync(join(home, "out-"));
    const base = writePlainBase(out, process.arch === "arm64" ? "arm64" : "amd64");
    const places = { "image.tar": join(out, "place/image.tar"), layout: join(out, "place/layout") };
    mkdirSync(join(out, "place"));
    writeFileSync(places["image.tar"], "the earlier one");
    for (const place of Object.values(places)) {
      const env = { BENTO_HOME: join(out, "home") };
      const flags = ["--builder", "oci", "--base-image", base, "-o", place];
      const { code, stderr } = await bentoTs(["build", dir, ...flags], { env });
      expect([code, stderr.trim().split("\n").at(-1)]).toEqual([1, expect.stringContaining("golden example")]);
    }
    expect(readdirSync(join(out, "place"))).toEqual(["image.tar"]);
    expect(readFileSync(places["image.tar"], "utf8")).toBe("the earlier one");
    expect(existsSync(join(dir, ".bento-ts"))).toBe(false);
    // Not even made where the example has failed before the image had come so far.
    const caches = ["cache/tmp", "cache/users"]
      .map((name) => join(out, "home", name))
      .filter((path) => existsSync(path));
    const kept = caches.flatMap((path) => readdirSync(path));
    expect(kept).toEqual([]);
  });

  it("tells why the author's code failed, and reports examples that passed", async () => {
    const broken = project({ "package.json": PACKAGE, "service.ts": service("[{ input: [-1], output: [0] }]") });
    const failed = await build(broken);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /error: golden example "example 1" of API "halve" fails: expected status 200, got 500: .*: TypeError: a bug of the author; mend/,
    );
    const good = project({ "package.json": PACKAGE, "service.ts": service("[{ input: [3], output: [1.5] }]") });
    const { code, stdout } = await build(good, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      bento: { name: "golden", warnings: [expect.stringContaining("package-lock.json")] },
      examples: [{ api: "halve", ok: true, status: 200, largest: { difference: 0 } }],
      stored: { tag: "golden:1.0.0", warning: null },
      steps: expect.arrayContaining([{ step: "running golden examples", ms: expect.any(Number) as number }]) as object,
    });
    const { stored } = JSON.parse(stdout) as { readonly stored: { readonly files: number } };
    const listed = await bentoTs(["bentos", "list", "--json"], { env: { BENTO_HOME: home } });
    expect(JSON.parse(listed.stdout)).toMatchObject([{ name: "golden", version: "1.0.0" }]);

    // An edit of the code changes the bundle and what tells of it; all else is there already.
    writeFileSync(join(good, "service.ts"), readFileSync(join(good, "service.ts"), "utf8").replace("n / 2", "n * 0.5"));
    const again = JSON.parse((await build(good, "--json")).stdout) as {
      readonly stored: { readonly files: number; readonly reusedFiles: number };
    };
    expect(again.stored.files).toBe(stored.files);
    expect(again.stored.files - again.stored.reusedFiles).toBeLessThanOrEqual(8);
  });
});
