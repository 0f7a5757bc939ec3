import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOfFiles, type ListedFile } from "../files/file-list.ts";
import { archiveHeader, END, paddingBytes, sizeInHeader } from "./archive-header.ts";
import { type BentoStore, createBentoStore } from "./bento-store.ts";
import { makeBento } from "./small-bento.fixture.ts";

let dir: string;
let store: BentoStore;
let file: string;
let archive: Buffer;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-archive-"));
  const from = createBentoStore(join(dir, "from"));
  await from.put(await makeBento(join(dir, "bento"), { files: { "node/bin/tool": "same", "service/tool": "same" } }));
  file = join(dir, "small.tar");
  await from.export("small", file);
  archive = await readFile(file);
  store = createBentoStore(join(dir, "store"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Files below the store. */
async function stored(): Promise<readonly string[]> {
  const found = await readdir(store.dir, { recursive: true, withFileTypes: true }).catch(() => []);
  return found.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

async function importing(bytes: Uint8Array): Promise<unknown> {
  await writeFile(file, bytes);
  return store.import(file);
}

async function expectRefusal(bytes: Uint8Array, reason: string): Promise<void> {
  await expect(importing(bytes)).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(`"small.tar" can't be imported: ${reason}`) as string,
  });
  expect(await stored()).toEqual([]);
}

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const entry = (name: string, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([archiveHeader({ name, size: bytes.length }), bytes, Buffer.alloc(paddingBytes(bytes.length))]);

/** An archive whose manifest has these files, with a digest that is theirs. */
function withFiles(change: (files: ListedFile[]) => readonly object[], more: object = {}): Uint8Array {
  const size = sizeInHeader(archive.subarray(0, 512));
  const manifest = JSON.parse(archive.toString("utf8", 512, 512 + size)) as { files: ListedFile[] };
  const files = change(manifest.files);
  const digest = digestOfFiles(files as ListedFile[]);
  const rows = files.map((one) => JSON.stringify(one));
  const head = JSON.stringify({ ...manifest, files: undefined, digest, ...more });
  const text = Buffer.from(`${head.slice(0, -1)},"files":[\n${rows.join(",\n")}\n]}\n`);
  const rest = archive.subarray(512 + size + paddingBytes(size));
  return Buffer.concat([entry(`bento/sha256/${sha256(text)}.json`, text), rest]);
}

describe("an exported bento", () => {
  it("is the same file for the same bento, whichever store it comes from, and a tar for everybody", async () => {
    await store.import(file);
    const again = join(dir, "again.tar");
    await store.export("small:1.0.0", again);
    expect(await readFile(again)).toEqual(archive);
    const listed = execFileSync("tar", ["-tf", file], { encoding: "utf8" }).trim().split("\n");
    expect(listed[0]).toMatch(/^bento\/sha256\/[0-9a-f]{64}\.json$/);
    // bento.json, service.mjs, the program, "same" and the empty file, each once.
    expect(listed).toHaveLength(6);
    expect((await readdir(dir)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("comes back as it was; what is there is skipped", async () => {
    expect(await store.import(file)).toMatchObject({ manifest: { name: "small" }, reusedFiles: 1 });
    const { files, dir: tree } = await store.get("small");
    expect(files.filter(({ isProgram }) => isProgram).map(({ path }) => path)).toEqual([
      "node/bin/node",
      "node/bin/tool",
    ]);
    expect(await readFile(join(tree, "node/bin/tool"), "utf8")).toBe("same");
    expect((await store.import(file)).reusedFiles).toBe(files.length);
  });

  it("is refused when one bit of it was changed, wherever that is, and nothing of it stays", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(archive);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        await expect(importing(changed)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
        expect(await stored()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("is refused when it is cut off anywhere or goes on after its end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), async (length) => {
        await expect(importing(archive.subarray(0, length))).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
        expect(await stored()).toEqual([]);
      }),
      { numRuns: 50 },
    );
    await expectRefusal(Buffer.concat([archive, Buffer.alloc(1)]), "more follows after its end");
  });

  it("is refused where it is a folder or a pipe, and not written over a folder", async () => {
    execFileSync("mkfifo", [join(dir, "pipe")]);
    for (const place of [dir, join(dir, "pipe")])
      await expect(store.import(place)).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: `"${place}" can't be imported: it is no file`,
      });
    const from = createBentoStore(join(dir, "from"));
    for (const place of [dir, ""])
      await expect(from.export("small:1.0.0", place)).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: `"${place}" is no name of a file: name one to export to`,
      });
  });

  it("is refused whatever else a stranger writes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), async (bytes) => {
        await expect(importing(bytes)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      }),
      { numRuns: 30 },
    );
    expect(await stored()).toEqual([]);
  });

  it("is refused when its files leave the bento, meet, or are another's than the tag's", async () => {
    const fault = "its first entry is no list of a bento's files: ";
    const renamed = (path: string): Uint8Array =>
      withFiles((files) =>
        [...files.slice(0, -1), { ...files.at(-1), path }].sort((a, b) => ((a.path ?? "") < (b.path ?? "") ? -1 : 1)),
      );
    for (const path of [
      "../../evil",
      "/tmp/evil",
      "service/../../evil",
      "..\\evil",
      "C:/evil",
      "a//b",
      "a/./b",
      "a\nb",
      "",
    ])
      await expectRefusal(renamed(path), `${fault}expected files, each with a path inside of the bento`);
    await expectRefusal(
      withFiles((files) => [...files, ...files.slice(-1)]),
      `${fault}expected each file once`,
    );
    await expectRefusal(renamed("service/service.mjs/x"), `${fault}"service/service.mjs" is a file and a folder`);
    await expectRefusal(
      withFiles((files) => files, { digest: `sha256:${"0".repeat(64)}` }),
      `${fault}its digest`,
    );
    await expectRefusal(
      withFiles((files) => files, { name: "../up" }),
      `${fault}expected a name and a version`,
    );
    await expectRefusal(
      withFiles((files) => files, { name: "other" }),
      "its bento.json is that of another bento",
    );
    await expectRefusal(
      withFiles((files) => files.slice(1)),
      "the header of",
    );
  });

  it("is refused when it brings links, devices, folders, or a header for others to read on", async () => {
    for (const type of ["1", "2", "3", "5", "x", "g", "L"]) {
      const header = Buffer.from(archiveHeader({ name: `blobs/sha256/${"0".repeat(64)}`, size: 0 }));
      header.write(type, 156);
      header.write("        ", 148);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
      await expectRefusal(Buffer.concat([header, END]), "it is no file that");
      const size = sizeInHeader(archive.subarray(0, 512));
      const first = archive.subarray(0, 512 + size + paddingBytes(size));
      await expectRefusal(Buffer.concat([first, header, END]), "the header of bento.json was changed");
    }
  });

  it("is refused when its tag is taken by another bento, with what to do", async () => {
    await store.put(await makeBento(join(dir, "other"), { files: { more: "1" } }));
    await expect(store.import(file)).rejects.toThrow(
      /small:1\.0\.0 for linux\/amd64 is taken by another bento .*: delete that first, with "bento-ts bentos delete small:1\.0\.0 --platform linux\/amd64"/,
    );
    await expect(store.import(join(dir, "gone.tar"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("leaves nothing when writing or reading it is interrupted", async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort(new Error("stopped")) };
    await expect(store.import(file, options)).rejects.toThrow("stopped");
    expect(await stored()).toEqual([]);
    await store.import(file);
    const out = join(dir, "out.tar");
    await expect(store.export("small", out, { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow(
      "stopped",
    );
    expect((await readdir(dir)).filter((name) => name.startsWith("out.tar"))).toEqual([]);
  });
});

it("writes sizes past 8 GiB so that they are read back", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (size) => {
      expect(sizeInHeader(archiveHeader({ name: "blobs/x", size }))).toBe(size);
    }),
  );
});
