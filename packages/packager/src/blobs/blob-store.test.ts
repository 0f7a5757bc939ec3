import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { buildCacheDir, openBlobStore } from "./blob-store.ts";

/** SHA-256 of "abc". Source: FIPS 180-2, appendix B.1. */
const ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

it("keeps bytes under their digest and gives them back", async () => {
  const store = openBlobStore(tempTree({}));
  expect(await store.find(ABC)).toBeUndefined();
  expect(await store.put(Readable.from([Buffer.from("a"), Buffer.from("bc")]))).toEqual({ digest: ABC, size: 3 });
  expect((await buffer(await store.open(ABC))).toString()).toBe("abc");
  expect(await store.put(Buffer.from("abc"), { digest: ABC, size: 3 })).toEqual({ digest: ABC, size: 3 });
});

it("takes nothing in that has another digest or size, or whose source breaks off", async () => {
  const dir = tempTree({});
  const store = openBlobStore(dir);
  const refusal = (message: string): object => ({ code: "FAILED_PRECONDITION", message });
  await expect(store.put(Buffer.from("abd"), { digest: ABC })).rejects.toMatchObject({
    message: expect.stringMatching(`^expected a blob with the digest ${ABC}, got one with sha256:[0-9a-f]{64}$`),
  });
  await expect(store.put(Buffer.from("ab"), { digest: ABC, size: 3 })).rejects.toMatchObject(
    refusal(`expected 3 bytes for ${ABC}, got 2`),
  );
  const breaking = new Readable({
    read() {
      this.push("ab");
      this.destroy(new Error("reset"));
    },
  });
  await expect(store.put(breaking, { digest: ABC })).rejects.toThrow("reset");
  const controller = new AbortController();
  controller.abort(new Error("interrupted"));
  await expect(store.put(Readable.from(["abc"]), {}, controller.signal)).rejects.toThrow("aborted");
  expect(await store.find(ABC)).toBeUndefined();
  expect(readdirSync(join(dir, "tmp"))).toEqual([]);
});

it("takes the same bytes from two writers at once", async () => {
  const store = openBlobStore(tempTree({}));
  const puts = Array.from({ length: 20 }, () => store.put(Readable.from([Buffer.from("abc")])));
  expect(new Set((await Promise.all(puts)).map(({ digest }) => digest))).toEqual(new Set([ABC]));
});

it("lets no name but a digest reach a path", async () => {
  const dir = tempTree({});
  writeFileSync(join(dir, "secret"), "x");
  for (const digest of [
    "sha256:../../../secret",
    "secret",
    `sha256:${"A".repeat(64)}`,
    "",
    `sha512:${"0".repeat(128)}`,
  ]) {
    await expect(openBlobStore(dir).open(digest)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `"${digest}" is no digest: expected "sha256:" and 64 hexadecimal digits`,
    });
  }
});

it("says which blob is missing where", async () => {
  const dir = tempTree({});
  await expect(openBlobStore(dir).open(ABC)).rejects.toThrow(`the blob ${ABC} is not in ${dir}`);
});

it("lies in BENTO_HOME", () => {
  expect(buildCacheDir({ BENTO_HOME: "/data/bento" })).toBe("/data/bento/cache");
});
