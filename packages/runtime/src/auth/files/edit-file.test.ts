import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { editFile } from "./edit-file.ts";

let dir = "";
let path = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-edit-"));
  path = join(dir, "file");
});
afterEach(() => rm(dir, { recursive: true }));

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

describe("editFile", () => {
  it("makes a file for its owner alone", async () => {
    await editFile(path, (text) => `${text}1`);
    expect([await readFile(path, "utf8"), await modeOf(path)]).toEqual(["1", "600"]);
    expect(await readdir(dir)).toEqual(["file"]);
  });

  it("keeps the mode of a file, and a link to it", async () => {
    await mkdir(join(dir, "inner"));
    const real = join(dir, "inner/real");
    await writeFile(real, "1");
    await chmod(real, 0o640);
    await symlink("inner/real", path);
    await editFile(path, (text) => `${text}2`);
    expect([await readFile(real, "utf8"), await modeOf(real), await readlink(path)]).toEqual([
      "12",
      "640",
      "inner/real",
    ]);
  });

  it("loses no edit of several at one time", async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => editFile(path, (text) => `${text}${index}`)));
    expect((await readFile(path, "utf8")).split("").sort().join("")).toBe("01234567");
  });

  it("leaves the file as it was when the edit throws, and the next one goes on", async () => {
    await writeFile(path, "1");
    const throws = editFile(path, () => {
      throw new Error("no");
    });
    await expect(throws).rejects.toThrow("no");
    expect([await readFile(path, "utf8"), await readdir(dir)]).toEqual(["1", ["file"]]);
    await editFile(path, () => "2");
    expect(await readFile(path, "utf8")).toBe("2");
  });

  it("refuses a file whose bytes it would change", async () => {
    await writeFile(path, Uint8Array.of(0x61, 0xff));
    await expect(editFile(path, (text) => text)).rejects.toThrow(`${path} is not UTF-8`);
  });

  it("tells of a lock that stays", async () => {
    await writeFile(`${path}.lock`, "");
    await expect(editFile(path, () => "1", { lockTries: 2 })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${path}.lock is there: another command is changing the file; delete it when none is`,
    });
    expect(await readdir(dir)).toEqual(["file.lock"]);
  });
});
