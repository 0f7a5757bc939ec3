import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { OWN_MARK } from "./process-mark.ts";
import { inStaging } from "./staging.ts";
import { writeInto } from "./write-tree.ts";

describe("inStaging", () => {
  it("moves the whole folder to its place, in place of an older bento", async () => {
    const dir = tempTree({ "out/bento.json": "old", "out/gone.txt": "old" });
    const out = join(dir, "out");
    await inStaging(dir, async (stage) => {
      writeFileSync(join(stage, "bento.json"), "new");
      expect(readFileSync(join(out, "bento.json"), "utf8")).toBe("old");
      return { dir: out };
    });
    expect(readdirSync(dir)).toEqual(["out"]);
    expect(readdirSync(out)).toEqual(["bento.json"]);
    expect(readFileSync(join(out, "bento.json"), "utf8")).toBe("new");
  });

  it("leaves nothing behind when filling fails, not even the folders it made", async () => {
    const dir = tempTree({ "keep.txt": "1" });
    const failing = inStaging(join(dir, "a/b"), async (stage) => {
      writeFileSync(join(stage, "half"), "1");
      throw new Error("full disk");
    });
    await expect(failing).rejects.toThrow("full disk");
    expect(readdirSync(dir)).toEqual(["keep.txt"]);
  });

  it("keeps what others put beside it meanwhile", async () => {
    const dir = tempTree();
    const failing = inStaging(join(dir, "a"), async () => {
      writeFileSync(join(dir, "a/theirs"), "1");
      throw new Error("stop");
    });
    await expect(failing).rejects.toThrow("stop");
    expect(readdirSync(join(dir, "a"))).toEqual(["theirs"]);
  });

  it("does not replace a folder that is no bento", async () => {
    const dir = tempTree({ "out/thesis.txt": "years of work" });
    const out = join(dir, "out");
    await expect(inStaging(dir, async () => ({ dir: out }))).rejects.toThrow(
      `${out} exists and is no bento: name another place with -o`,
    );
    expect(readdirSync(dir)).toEqual(["out"]);
    expect(readFileSync(join(out, "thesis.txt"), "utf8")).toBe("years of work");
  });

  it("makes folders and files readable for any user, whatever the umask", async () => {
    const dir = tempTree();
    const out = join(dir, "out");
    const mask = process.umask(0o077);
    try {
      await inStaging(dir, async (stage) => {
        await writeInto(join(stage, "deep/file.txt"), "1");
        mkdirSync(join(stage, "deep/shut"));
        chmodSync(join(stage, "deep/shut"), 0o700);
        return { dir: out };
      });
    } finally {
      process.umask(mask);
    }
    expect(["", "deep", "deep/shut"].map((path) => statSync(join(out, path)).mode & 0o777)).toEqual([
      0o755, 0o755, 0o755,
    ]);
    expect(statSync(join(out, "deep/file.txt")).mode & 0o777).toBe(0o644);
  });

  it("sweeps what a killed build has left, and leaves alone what running ones fill", async () => {
    const [host = ""] = OWN_MARK.split("-");
    // No process has so high an id: Linux ends at 2^22.
    const [dead, running] = [`.building-${host}-9999999-abc`, `.building-${host}-${process.ppid}-abc`];
    const dir = tempTree({ [`${dead}/half`]: "1", [`${running}/half`]: "1", ".building-00000000-1-abc/half": "1" });
    await inStaging(dir, async (stage) => {
      writeFileSync(join(stage, "bento.json"), "new");
      return { dir: join(dir, "out") };
    });
    // Another machine's is left until it was not touched for a day.
    expect(readdirSync(dir).sort()).toEqual([".building-00000000-1-abc", running, "out"].sort());
  });

  it("gives one whole bento when two builds end at the same time", async () => {
    const dir = tempTree({ "out/bento.json": "old" });
    const builds = Array.from({ length: 8 }, (_, at) =>
      inStaging(dir, async (stage) => {
        writeFileSync(join(stage, "bento.json"), `${at}`);
        writeFileSync(join(stage, "same"), `${at}`);
        return { dir: join(dir, "out") };
      }),
    );
    await Promise.all(builds);
    expect(readdirSync(dir)).toEqual(["out"]);
    expect(readFileSync(join(dir, "out/same"), "utf8")).toBe(readFileSync(join(dir, "out/bento.json"), "utf8"));
  });

  it("says in a sentence that a place can't be made or written to", async () => {
    const dir = tempTree({ file: "1" });
    const fill = async (): Promise<{ dir: string }> => ({ dir });
    await expect(inStaging(join(dir, "file/below"), fill)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${join(dir, "file/below")} can't be made: a part of its path is a file`,
    });
    const failing = (code: string): Promise<unknown> =>
      inStaging(dir, async () => {
        throw Object.assign(new Error(code), { code, syscall: "write" });
      });
    await expect(failing("EROFS")).rejects.toThrow(
      `${dir} can't be written to, its disk is read-only: name another place`,
    );
    await expect(failing("EACCES")).rejects.toThrow(
      `${dir} can't be written to: give this user the right to, or name another place`,
    );
    await expect(failing("ENOSPC")).rejects.toThrow(/there is no space left/);
  });
});
