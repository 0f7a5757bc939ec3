import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { OWN_MARK } from "../files/process-mark.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { openBlobStore } from "./blob-store.ts";
import { findRecord, putRecord } from "./records.ts";
import { trimCache } from "./trim-cache.ts";
import { usingCache } from "./using-cache.ts";

const { signal } = new AbortController();
const DAY_S = 24 * 60 * 60;

/** A cache with a blob and a record that nobody used for 31 days, and a blob that somebody used 29 days ago. */
async function oldCache(): Promise<{ readonly dir: string; readonly old: string; readonly fresh: string }> {
  const dir = tempTree();
  const blobs = openBlobStore(dir);
  const [old, fresh] = [await blobs.put(Buffer.from("old")), await blobs.put(Buffer.from("fresh"))];
  const [oldPath, freshPath] = [(await blobs.find(old.digest)) ?? "", (await blobs.find(fresh.digest)) ?? ""];
  await putRecord(blobs, { kind: "layers", key: "old" }, { a: 1 });
  const [record = ""] = readdirSync(join(dir, "layers"));
  const now = Date.now() / 1000;
  for (const path of [oldPath, join(dir, "layers", record)]) utimesSync(path, now - 31 * DAY_S, now - 31 * DAY_S);
  utimesSync(freshPath, now - 29 * DAY_S, now - 29 * DAY_S);
  return { dir, old: oldPath, fresh: freshPath };
}

it("takes away what nobody used for 30 days, when the work is done", async () => {
  const { dir, old, fresh } = await oldCache();
  const seen = await usingCache(dir, signal, async () => existsSync(old));
  expect([seen, existsSync(old), existsSync(fresh)]).toEqual([true, false, true]);
  expect(readdirSync(join(dir, "layers"))).toEqual([]);
  expect([...readdirSync(join(dir, "users")), ...readdirSync(join(dir, "trims"))]).toEqual([]);
});

it("takes away packages that nobody used for 30 days, and forgets that the registry lacked one", async () => {
  const dir = tempTree({
    "packages/sha512-old/package.json": {},
    "packages/sha512-fresh/package.json": {},
    "packages/a@1.missing": "",
  });
  const now = Date.now() / 1000;
  for (const name of ["sha512-old", "a@1.missing"])
    utimesSync(join(dir, "packages", name), now - 31 * DAY_S, now - 31 * DAY_S);
  utimesSync(join(dir, "packages/sha512-fresh"), now - 29 * DAY_S, now - 29 * DAY_S);
  // Its file is as old as the registry has it: the time of the folder counts.
  utimesSync(join(dir, "packages/sha512-fresh/package.json"), 0, 0);
  await usingCache(dir, signal, async () => undefined);
  expect(readdirSync(join(dir, "packages"))).toEqual(["sha512-fresh"]);
});

it("does the work where this user can leave no mark", async () => {
  const dir = join(tempTree({ file: "" }), "file");
  expect(await usingCache(dir, signal, async () => "done")).toBe("done");
});

it("takes nothing away while another build works, of this process or another", async () => {
  const { dir, old } = await oldCache();
  await usingCache(dir, signal, async () => {
    await usingCache(dir, signal, async () => undefined);
    expect(existsSync(old)).toBe(true);
  });
  const { dir: other, old: kept } = await oldCache();
  await usingCache(other, signal, async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "inherit"] });
    writeFileSync(join(other, "users", `${OWN_MARK.split("-")[0] ?? ""}-${child.pid ?? 0}-x`), "");
    try {
      await usingCache(other, signal, async () => undefined);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    expect(existsSync(kept)).toBe(true);
  });
  // The other one is dead by now, so its mark holds nobody up.
  await usingCache(other, signal, async () => undefined);
  expect(existsSync(kept)).toBe(false);
});

it("does not begin while old blobs are taken away", async () => {
  const dir = tempTree({ "trims/.keep": "" });
  const mark = join(dir, "trims", `${OWN_MARK}-x`);
  writeFileSync(mark, "");
  const controller = new AbortController();
  let isBegun = false;
  const work = usingCache(dir, controller.signal, async () => void (isBegun = true));
  controller.abort(new Error("stop"));
  await expect(work).rejects.toThrow("The operation was aborted");
  expect(isBegun).toBe(false);
  expect(readdirSync(join(dir, "users"))).toEqual([]);
});

it("trims nothing when the work fails, and leaves no mark", async () => {
  const { dir, old } = await oldCache();
  await expect(usingCache(dir, signal, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(old)).toBe(true);
  expect(readdirSync(join(dir, "users"))).toEqual([]);
});

it("takes away after a day what a killed build left half-written", async () => {
  const dir = tempTree({ "tmp/half": "x" });
  const now = Date.now();
  await trimCache(dir, now + DAY_S * 1000 - 60_000);
  expect(readdirSync(join(dir, "tmp"))).toEqual(["half"]);
  await trimCache(dir, now + DAY_S * 1000 + 60_000);
  expect(readdirSync(join(dir, "tmp"))).toEqual([]);
});

it("keeps what was found out, and takes a damaged record for none", async () => {
  const dir = tempTree();
  const blobs = openBlobStore(dir);
  const name = { kind: "bases", key: "a" } as const;
  expect(await findRecord(blobs, name)).toBeUndefined();
  await putRecord(blobs, name, { found: [1] });
  expect(await findRecord(blobs, name)).toEqual({ found: [1] });
  expect(await findRecord(blobs, { kind: "bases", key: "b" })).toBeUndefined();
  const [file = ""] = readdirSync(join(dir, "bases"));
  writeFileSync(join(dir, "bases", file), '{"found":');
  expect(await findRecord(blobs, name)).toBeUndefined();
});
