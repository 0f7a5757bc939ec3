import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OWN_MARK } from "../files/process-mark.ts";
import { type BentoStore, createBentoStore } from "./bento-store.ts";
import { makeBento } from "./small-bento.fixture.ts";

const [OWN, OTHER] =
  process.arch === "arm64" ? (["linux/arm64", "linux/amd64"] as const) : (["linux/amd64", "linux/arm64"] as const);

let dir: string;
let store: BentoStore;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-store-"));
  store = createBentoStore(join(dir, "store"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const blobs = async (): Promise<number> => (await readdir(join(store.dir, "blobs"))).length;
/** What is no bento: stages, drafts, uses. */
async function leftOvers(): Promise<readonly string[]> {
  const all = await Promise.all(["tmp", "uses"].map((name) => readdir(join(store.dir, name)).catch(() => [])));
  return all.flat();
}

describe("a bento store", () => {
  it("keeps a bento as it was, under its service's name and version, and can't be written to", async () => {
    const made = await makeBento(join(dir, "a"), { version: "1.0.0+linux" });
    expect(await store.put(made)).toMatchObject({
      manifest: { name: "small", version: "1.0.0_linux" },
      reusedFiles: 1,
    });
    const stored = await store.get("small");
    expect(await readFile(join(stored.dir, "service/service.mjs"), "utf8")).toBe("export {};\n");
    expect((await stat(join(stored.dir, "node/bin/node"))).mode & 0o777).toBe(0o555);
    expect((await stat(join(stored.dir, "bento.json"))).mode & 0o777).toBe(0o444);
    expect(await store.list()).toMatchObject([{ name: "small", version: "1.0.0_linux", digest: stored.digest }]);
    expect(await leftOvers()).toEqual([]);
  });

  it("keeps what two bentos share once, and frees with a bento what it had alone", async () => {
    await store.put(await makeBento(join(dir, "a")));
    // bento.json, service, program, and one empty file that stands in two places.
    expect(await blobs()).toBe(4);
    const other = await makeBento(join(dir, "b"), { version: "2.0.0", files: { "models/x": "12345" } });
    expect((await store.put(other)).reusedFiles).toBe(4);
    expect(await blobs()).toBe(6);
    const bentoBytes = (await stat(join(other, "bento.json"))).size;
    expect(await store.delete("small:2.0.0")).toMatchObject({
      bentos: [{ version: "2.0.0" }],
      freedBytes: bentoBytes + 5,
    });
    expect(await blobs()).toBe(4);
    await store.delete("small:1.0.0");
    expect([await blobs(), await readdir(join(store.dir, "trees"))]).toEqual([0, []]);
  });

  it("puts a bento in the place of an earlier one with its tag", async () => {
    await store.put(await makeBento(join(dir, "a")));
    const first = await store.get("small:1.0.0");
    await store.put(await makeBento(join(dir, "a"), { files: { "service/service.mjs": "export const a = 1;\n" } }));
    const second = await store.get("small:1.0.0");
    expect(second.digest).not.toBe(first.digest);
    expect(await store.list()).toHaveLength(1);
    expect(await readdir(join(store.dir, "trees"))).toEqual([second.digest.slice(7)]);
  });

  it("keeps a bento for each platform under one tag, which means this machine's unless another is named", async () => {
    const platforms = [OWN, OTHER] as const;
    for (const platform of platforms)
      await store.put(await makeBento(join(dir, platform), { platform, files: { "node_modules/a/x": platform } }));
    const digests = new Set((await store.list()).map(({ digest }) => digest));
    expect([digests.size, (await store.list()).map(({ platform }) => platform).sort()]).toEqual([
      2,
      [...platforms].sort(),
    ]);
    // The other one was stored last.
    for (const tag of ["small", "small:1.0.0"]) {
      expect((await store.get(tag)).platform).toBe(OWN);
      expect((await store.get(tag, { platform: OTHER })).platform).toBe(OTHER);
    }
    expect((await store.export("small:1.0.0", join(dir, "file"), { platform: OTHER })).platform).toBe(OTHER);
    expect(await store.delete("small:1.0.0", { platform: OWN })).toMatchObject({ bentos: [{ platform: OWN }] });
    // Then the tag means what there is.
    expect((await store.get("small:1.0.0")).platform).toBe(OTHER);
    await expect(store.get("small:1.0.0", { platform: OWN })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `there is no bento "small:1.0.0" for ${OWN} in the store ${store.dir}: it holds small:1.0.0 (${OTHER})`,
    });
    await expect(store.get("small", { platform: "linux/s390x" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await store.put(join(dir, OWN));
    expect((await store.delete("small:1.0.0")).bentos).toHaveLength(2);
    expect([await blobs(), await store.list()]).toEqual([0, []]);
  });

  it("tells two contents of one file apart that is a program in one of them", async () => {
    await store.put(await makeBento(join(dir, "a"), { files: { "node/bin/tool": "same", "service/tool": "same" } }));
    const stored = await store.get("small");
    const modes = ["node/bin/tool", "service/tool"].map(
      async (path) => (await stat(join(stored.dir, path))).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o555, 0o444]);
  });

  it("lets who uses a bento keep its files when it is deleted, and takes them away afterwards", async () => {
    await store.put(await makeBento(join(dir, "a")));
    const { bento, release } = await store.use("small");
    expect((await store.delete("small:1.0.0")).freedBytes).toBe(0);
    expect(await readFile(join(bento.dir, "service/service.mjs"), "utf8")).toBe("export {};\n");
    await release();
    await store.put(await makeBento(join(dir, "b"), { version: "3.0.0" }));
    expect(await readdir(join(store.dir, "trees"))).toHaveLength(1);
  });

  it("sweeps what processes that were killed have left, not what running ones make", async () => {
    const [host = ""] = OWN_MARK.split("-");
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await mkdir(join(store.dir, "tmp", `${host}-${child.pid}-dead`), { recursive: true });
    await mkdir(join(store.dir, "tmp", `${host}-${process.ppid}-alive`), { recursive: true });
    await mkdir(join(store.dir, "uses"), { recursive: true });
    await writeFile(join(store.dir, "uses", `${"0".repeat(64)}.${host}-${child.pid}`), "");
    await store.put(await makeBento(join(dir, "a")));
    expect(await leftOvers()).toEqual([`${host}-${process.ppid}-alive`]);
  });

  it("says what it holds when a tag is not there, and which tags it takes", async () => {
    await expect(store.get("small:1.0.0")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `there is no bento "small:1.0.0" in the store ${store.dir}: it holds nothing yet`,
    });
    await store.put(await makeBento(join(dir, "a")));
    await expect(store.get("other:1")).rejects.toThrow("it holds small:1.0.0");
    await expect(store.get("../x")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(store.delete("small")).rejects.toThrow("expected a tag with its version, such as small:1.0.0");
    await expect(store.put(join(dir, "nothing"))).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("leaves nothing of what was aborted", async () => {
    const stop = AbortSignal.abort(new Error("stopped"));
    await expect(store.put(await makeBento(join(dir, "a")), { signal: stop })).rejects.toThrow(/stopped|aborted/);
    expect([await store.list(), await leftOvers()]).toEqual([[], []]);
  });

  it("is safe for processes that put, delete and collect at the same time", async () => {
    const versions = ["1.0.0", "2.0.0", "3.0.0"];
    const made = await Promise.all(versions.map((version) => makeBento(join(dir, version), { version })));
    const program = `
      import { createBentoStore } from ${JSON.stringify(new URL("./bento-store.ts", import.meta.url).href)};
      const store = createBentoStore(${JSON.stringify(store.dir)});
      for (let round = 0; round < 8; round += 1) {
        for (const dir of ${JSON.stringify(made)}) await store.put(dir);
        await store.delete("small:2.0.0").catch(({ code }) => { if (code !== "NOT_FOUND") process.exitCode = 3; });
      }
      await store.put(${JSON.stringify(made[1])});`;
    const children = [1, 2].map(() =>
      spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" }),
    );
    const ended = await Promise.all(children.map((child) => once(child, "exit")));
    expect(ended.map(([code]) => code as unknown)).toEqual([0, 0]);
    await store.put(made[1] ?? "");
    for (const version of versions) {
      const { dir: tree, files } = await store.get(`small:${version}`);
      for (const { path, size } of files) expect((await stat(join(tree, path))).size).toBe(size);
    }
    expect(await leftOvers()).toEqual([]);
  });
});
