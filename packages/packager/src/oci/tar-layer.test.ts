import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { listFiles } from "../files/file-list.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { layerEntries } from "./layer-entries.ts";
import { tarLayer } from "./tar-layer.ts";

async function tarOf(dir: string, from: string | readonly string[], to: string): Promise<Buffer> {
  return buffer(tarLayer(layerEntries(dir, { name: "code", copies: [{ from, to }] }, await listFiles(dir))));
}

function listed(tar: Buffer, ...flags: readonly string[]): readonly string[] {
  const args = ["--list", "--verbose", "--numeric-owner", "--utc", ...flags];
  return execFileSync("tar", args, { input: tar, encoding: "utf8" }).trim().split("\n");
}

it("holds files and their folders as root's, readable by all, of the beginning of 1970", async () => {
  const dir = tempTree({ "service/a.mjs": "abc", "service/lib/b.txt": "" });
  const tar = await tarOf(dir, "service", "/app/service");
  expect(listed(tar).map((line) => line.replaceAll(/ +/g, " "))).toEqual([
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 app/",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 app/service/",
    "-rw-r--r-- 0/0 3 1970-01-01 00:00 app/service/a.mjs",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 app/service/lib/",
    "-rw-r--r-- 0/0 0 1970-01-01 00:00 app/service/lib/b.txt",
  ]);
  // Five headers and one block of content, then the two empty blocks that end a tar. Source: POSIX.1-1988, ustar.
  expect(tar.length).toBe((5 + 1 + 2) * 512);
});

it("keeps programs programs, and writes none of the folders that each base has", async () => {
  const dir = tempTree({ "node/bin/node": "x", "node/share/doc/node/LICENSE": "y" });
  execFileSync("chmod", ["755", join(dir, "node/bin/node")]);
  expect(
    listed(await tarOf(dir, "node", "/usr/local")).map(
      (line) => line.split(/ +/).at(0) + " " + line.split(/ +/).at(-1),
    ),
  ).toEqual([
    "-rwxr-xr-x usr/local/bin/node",
    "drwxr-xr-x usr/local/share/doc/",
    "drwxr-xr-x usr/local/share/doc/node/",
    "-rw-r--r-- usr/local/share/doc/node/LICENSE",
  ]);
});

it("holds names that are longer than a tar's own fields, and names of other scripts", async () => {
  const long = `${"d".repeat(120)}/${"f".repeat(200)}.txt`;
  const tar = await tarOf(tempTree({ [`service/${long}`]: "1", "service/größe-大.txt": "2" }), "service", "/app");
  const names = execFileSync("tar", ["--list", "--quoting-style=literal"], { input: tar, encoding: "utf8" }).split(
    "\n",
  );
  expect(names).toContain(`app/${long}`);
  expect(names).toContain("app/größe-大.txt");
});

it("is the same for the same files in another folder, whatever their times and modes", async () => {
  const files = { "service/z": "1", "service/a/b": "2", "bento.json": "{}" };
  const [one, two] = [tempTree(files), tempTree(Object.fromEntries(Object.entries(files).reverse()))];
  execFileSync("chmod", ["600", join(two, "service/z")]);
  execFileSync("touch", ["-d", "2001-02-03", join(two, "service/z")]);
  expect((await tarOf(one, "service", "/app")).equals(await tarOf(two, "service", "/app"))).toBe(true);
  expect((await tarOf(one, ["bento.json"], "/app")).equals(await tarOf(two, ["bento.json"], "/app"))).toBe(true);
});

it("breaks off when a file is no longer what was listed", async () => {
  const dir = tempTree({ "service/a": "abc" });
  const files = await listFiles(dir);
  const entries = layerEntries(dir, { name: "code", copies: [{ from: "service", to: "/app" }] }, files);
  writeFileSync(join(dir, "service/a"), "abcdef");
  await expect(buffer(tarLayer(entries))).rejects.toThrow(/size|mismatch/i);
});

it("says what a bento lacks that its image wants", async () => {
  const dir = tempTree({ "service/a": "1" });
  const files = await listFiles(dir);
  for (const [from, part] of [
    ["models", "models"],
    [["bento.json"], "bento.json"],
  ] as const) {
    expect(() => layerEntries(dir, { name: "code", copies: [{ from, to: "/app" }] }, files)).toThrow(
      `${dir} is no whole bento: ${part} is missing, build it anew`,
    );
  }
});
