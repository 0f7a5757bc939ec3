import { createHash } from "node:crypto";
import { chmodSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { digestOfFiles, listFiles } from "./file-list.ts";

/** Of "abc" and of nothing. Source: FIPS 180-2, appendix B.1; the digest of no bytes is known as well as any. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("listFiles", () => {
  it("lists files below a folder by the code units of their paths, with kind, size and digest", async () => {
    const dir = tempTree({ "b/x": "abc", "B/y": "", "a.txt": "abc", "b.txt": "", run: "abc" });
    chmodSync(join(dir, "run"), 0o755);
    symlinkSync("a.txt", join(dir, "link"));
    expect(await listFiles(dir)).toEqual([
      { path: "B/y", isProgram: false, size: 0, sha256: NOTHING },
      { path: "a.txt", isProgram: false, size: 3, sha256: ABC },
      { path: "b.txt", isProgram: false, size: 0, sha256: NOTHING },
      { path: "b/x", isProgram: false, size: 3, sha256: ABC },
      { path: "run", isProgram: true, size: 3, sha256: ABC },
    ]);
  });

  it("tells how many bytes it has read, of a file larger than its buffer in parts", async () => {
    const dir = tempTree({ a: "abc", b: "x".repeat(1024 * 1024 + 1) });
    const told: (readonly number[])[] = [];
    const files = await listFiles(dir, { onRead: (...amounts) => void told.push(amounts) });
    expect(told).toEqual([0, 3, 1_048_579, 1_048_580].map((done) => [done, 1_048_580]));
    expect(files[1]).toMatchObject({
      size: 1_048_577,
      sha256: createHash("sha256").update("x".repeat(1_048_577)).digest("hex"),
    });
  });

  it("is ended by its signal", async () => {
    const dir = tempTree({ a: "abc" });
    await expect(listFiles(dir, { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  });
});

describe("digestOfFiles", () => {
  const digest = async (dir: string): Promise<string> => digestOfFiles(await listFiles(dir));

  it("tells folders apart by path, kind and content, and by nothing else", async () => {
    const dir = tempTree({ a: "abc", "b/c": "" });
    const first = await digest(dir);
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    utimesSync(join(dir, "a"), 1, 1);
    expect(await digest(dir)).toBe(first);
    expect(await digest(tempTree({ a: "abc", "b/c": "" }))).toBe(first);
    for (const other of [{ a: "abd", "b/c": "" }, { a: "abc", "b/d": "" }, { a: "abc" }]) {
      expect(await digest(tempTree(other))).not.toBe(first);
    }
    chmodSync(join(dir, "a"), 0o755);
    expect(await digest(dir)).not.toBe(first);
  });
});
