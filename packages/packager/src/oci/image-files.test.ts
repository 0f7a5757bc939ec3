import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ARM64, freshBlobs, putImage, putIndex } from "../../../../test/support/small-image.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { isImageArchive, readArchive } from "./read-archive.ts";
import { readLayout } from "./read-layout.ts";
import { writeArchive } from "./write-archive.ts";
import { writeLayout } from "./write-layout.ts";

const bare = ({ mediaType, digest, size }: { mediaType: string; digest: string; size: number }) => ({
  mediaType,
  digest,
  size,
});

describe("an OCI layout", () => {
  it("is read back as the image that was written, of one platform and of two", async () => {
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const both = await putIndex(blobs, [image, await putImage(blobs, { platform: ARM64 })]);
    const dir = tempTree();
    await writeLayout(image, { dir: join(dir, "one"), tags: ["small:1"], blobs });
    await writeLayout(both, { dir: join(dir, "two"), tags: ["small:1", "small:latest"], blobs });
    expect(readdirSync(dir)).toEqual(["one", "two"]);
    expect((statSync(join(dir, "one")).mode & 0o777).toString(8)).toBe("755");
    expect(await readLayout(join(dir, "one"), { blobs: freshBlobs() })).toMatchObject(bare(image));
    const other = freshBlobs();
    expect(await readLayout(join(dir, "two"), { blobs: other })).toEqual(bare(both));
    expect(await readLayout(join(dir, "two"), { blobs: freshBlobs(), name: "small:1" })).toEqual(bare(both));
    expect(await other.find(image.layer.digest)).toBeDefined();
  });

  it("takes the place of an earlier one and of nothing else", async () => {
    const blobs = freshBlobs();
    const [first, second] = [await putImage(blobs), await putImage(blobs)];
    const dir = tempTree({ "mine/notes.txt": "keep" });
    const place = join(dir, "image");
    await writeLayout(first, { dir: place, tags: ["a:1"], blobs });
    await writeLayout(second, { dir: place, tags: ["a:1"], blobs });
    expect(await readLayout(place, { blobs: freshBlobs() })).toMatchObject(bare(second));
    await expect(writeLayout(first, { dir: join(dir, "mine"), tags: [], blobs })).rejects.toThrow(
      `${join(dir, "mine")} exists and is no OCI layout: name another place with -o`,
    );
    expect(readFileSync(join(dir, "mine/notes.txt"), "utf8")).toBe("keep");
  });

  it("is refused when a blob was changed or is missing, and when it is not said which image is meant", async () => {
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const dir = join(tempTree(), "image");
    await writeLayout(image, { dir, tags: ["a:1"], blobs });
    const blob = join(dir, "blobs/sha256", image.layer.digest.slice(7));
    const bytes = readFileSync(blob);
    writeFileSync(blob, Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.readUInt8(bytes.length - 1) ^ 1])]));
    await expect(readLayout(dir, { blobs: freshBlobs() })).rejects.toThrow(
      `expected a blob with the digest ${image.layer.digest}, got one with sha256:`,
    );
    rmSync(blob);
    await expect(readLayout(dir, { blobs: freshBlobs() })).rejects.toThrow(
      `${dir} is no whole OCI layout: the blob ${image.layer.digest} is missing`,
    );
    const other = await putImage(blobs);
    const index = JSON.parse(readFileSync(join(dir, "index.json"), "utf8")) as { manifests: object[] };
    index.manifests.push(bare(other));
    writeFileSync(join(dir, "index.json"), JSON.stringify(index));
    await expect(readLayout(dir, { blobs: freshBlobs() })).rejects.toThrow(
      `${dir} holds 2 images: write which one is meant after it, as "${dir}:NAME"`,
    );
    await expect(readLayout(dir, { blobs: freshBlobs(), name: "b:2" })).rejects.toThrow(
      `${dir} holds no image named "b:2"`,
    );
  });
});

it("says of a place that can't be written to what to do, for a layout and for a tar", async () => {
  const blobs = freshBlobs();
  const image = await putImage(blobs);
  const dir = tempTree({ file: "1" });
  const place = join(dir, "file/below/image");
  const refusal = {
    code: "FAILED_PRECONDITION",
    message: `${join(dir, "file/below")} can't be made: a part of its path is a file`,
  };
  await expect(writeLayout(image, { dir: place, tags: [], blobs })).rejects.toMatchObject(refusal);
  await expect(writeArchive(image, { file: place, tags: [], blobs })).rejects.toMatchObject(refusal);
});

describe("a tar for engines", () => {
  it("is read back as the image that was written, and is the same each time", async () => {
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const dir = tempTree();
    const [one, two] = [join(dir, "one.tar"), join(dir, "two.tar")];
    await writeArchive(image, { file: one, tags: ["small:1"], blobs });
    await writeArchive(image, { file: two, tags: ["small:1"], blobs });
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    expect(await isImageArchive(one)).toBe(true);
    expect(await readArchive(one, { blobs: freshBlobs() })).toMatchObject(bare(image));
    expect(readdirSync(dir)).toEqual(["one.tar", "two.tar"]);
  });

  it("names configuration, tags and layers as engines look for them", async () => {
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const file = join(tempTree(), "image.tar");
    await writeArchive(image, { file, tags: ["small:1", "small:latest"], blobs });
    const text = execFileSync("tar", ["-xOf", file, "manifest.json"], { encoding: "utf8" });
    const layer = `blobs/sha256/${image.layer.digest.slice(7)}`;
    expect(JSON.parse(text)).toEqual([
      {
        Config: expect.stringMatching(/^blobs\/sha256\/[0-9a-f]{64}$/) as string,
        RepoTags: ["small:1", "small:latest"],
        Layers: [layer],
      },
    ]);
    expect(execFileSync("tar", ["-tf", file], { encoding: "utf8" }).split("\n")).toContain(layer);
  });

  it("is not made of several platforms, of which an engine takes one", async () => {
    const blobs = freshBlobs();
    const both = await putIndex(blobs, [await putImage(blobs), await putImage(blobs, { platform: ARM64 })]);
    const file = join(tempTree(), "both.tar");
    await expect(writeArchive(both, { file, tags: [], blobs })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${file}: engines load an image of one platform from a tar: name one with --platform, or a folder with -o`,
    });
  });

  it("is refused when it ends too early, at any place", async () => {
    const blobs = freshBlobs();
    const file = join(tempTree(), "image.tar");
    await writeArchive(await putImage(blobs), { file, tags: ["small:1"], blobs });
    const whole = readFileSync(file);
    for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const cut = join(tempTree(), "cut.tar");
      writeFileSync(cut, whole.subarray(0, Math.floor(whole.length * share)));
      await expect(readArchive(cut, { blobs: freshBlobs() })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    }
  });
});
