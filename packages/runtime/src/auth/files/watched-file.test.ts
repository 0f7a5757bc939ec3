import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type WatchedFile, watchFile } from "./watched-file.ts";

let dir = "";
let open: WatchedFile<number> | undefined;
beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), "bento-watched-"))));
afterEach(async () => {
  open?.close();
  await rm(dir, { recursive: true });
});

const faults: unknown[] = [];
const read = (text: string): number => {
  const value = Number(text);
  // With a code, as the errors of the system have one.
  if (Number.isNaN(value)) throw Object.assign(new Error(`no number: ${text}`), { code: "NO_NUMBER" });
  return value;
};
const watch = async (path: string): Promise<WatchedFile<number>> => {
  faults.length = 0;
  open = await watchFile({ path, read, everyMs: 5, onFault: (error) => faults.push(error) });
  return open;
};

describe("watchFile", () => {
  it("says what the file says now", async () => {
    const path = join(dir, "file");
    await writeFile(path, "1");
    const file = await watch(path);
    expect(file.value()).toBe(1);
    await writeFile(path, "2");
    await vi.waitFor(() => expect(file.value()).toBe(2));
  });

  it("sees the swap of a folder's link, as Kubernetes does it", async () => {
    const link = join(dir, "..data");
    for (const [name, text] of [
      ["a", "1"],
      ["b", "2"],
    ] as const) {
      await mkdir(join(dir, name));
      await writeFile(join(dir, name, "file"), text);
    }
    await symlink("a", link);
    const file = await watch(join(link, "file"));
    await symlink("b", `${link}_tmp`);
    await rename(`${link}_tmp`, link);
    await vi.waitFor(() => expect(file.value()).toBe(2));
  });

  it("keeps the last good value while the text is broken or the file is gone, and tells each once", async () => {
    const path = join(dir, "file");
    await writeFile(path, "1");
    const file = await watch(path);
    await writeFile(`${path}_`, "broken");
    await rename(`${path}_`, path);
    await vi.waitFor(() => expect(faults).toHaveLength(1));
    await rm(path);
    await vi.waitFor(() => expect(faults).toHaveLength(2));
    expect(file.value()).toBe(1);
    expect(faults.map(String)).toEqual(["Error: no number: broken", expect.stringContaining("ENOENT") as string]);
    await writeFile(`${path}_`, "3");
    await rename(`${path}_`, path);
    await vi.waitFor(() => expect(file.value()).toBe(3));
  });

  it("rejects at once when there is nothing to begin with", async () => {
    await expect(watch(join(dir, "absent"))).rejects.toThrow("ENOENT");
  });
});
