import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { containerPlatform, parsePlatform } from "../platform.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { prepareImage, type WantedImage } from "./prepare-image.ts";

/** No engine's client is found here. */
const env = { PATH: "/nowhere" };

/** A project of these files, with a tar to build on, a file that is none, and one that is empty. */
function project(files: Readonly<Record<string, string>> = {}): string {
  const dir = tempTree({ "a.txt": "text", "bad.tar": "x".repeat(2000), "empty.tar": "", ...files });
  execFileSync("tar", ["-cf", join(dir, "base.tar"), "-C", dir, "a.txt"]);
  return dir;
}

function prepare(projectDir: string, change: Partial<WantedImage> = {}): Promise<string> {
  const platforms = [containerPlatform()];
  const plain = { builder: "auto", from: { projectDir }, platforms, tags: [], push: false, secrets: [], env } as const;
  return prepareImage({ ...plain, ...change });
}

it("takes oci where no engine answers, and where the configuration's base is a path from the project on", async () => {
  expect(await prepare(project())).toBe("oci");
  const dir = project({ "bento.yaml": "image: { base: base.tar }\n" });
  expect(await prepare(dir, { output: join(dir, "new/folder/image.tar") })).toBe("oci");
  await expect(prepare(dir, { builder: "docker" })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: "docker can't build on a folder or a file (base.tar): use --builder oci",
  });
});

it.each([
  [{ tags: ["Bad Name"] }, "INVALID_ARGUMENT", /^"Bad Name" is no image name: expected one such as "boston:1\.4\.0"/],
  [
    { tags: ["host:99999/a:1"], push: true },
    "INVALID_ARGUMENT",
    /^"host:99999\/a:1" is no image reference: "host:99999"/,
  ],
  [{ base: "Bad Base" }, "INVALID_ARGUMENT", /^"Bad Base" is no image reference: /],
  [
    { base: "DIR/none.tar" },
    "FAILED_PRECONDITION",
    /^the base image "\S+none\.tar" is not there: expected an OCI layout/,
  ],
  [{ base: "DIR/bad.tar" }, "FAILED_PRECONDITION", /^the base image "\S+bad\.tar" is no whole tar: ./],
  [
    { base: "DIR/empty.tar" },
    "FAILED_PRECONDITION",
    /^the base image "\S+empty\.tar" is empty: expected a saved image/,
  ],
  [
    { base: "DIR/" },
    "FAILED_PRECONDITION",
    /^the base image "\S+" is a folder and no OCI layout: \S+ lacks oci-layout$/,
  ],
  [{ output: "DIR/a.txt/image.tar" }, "FAILED_PRECONDITION", /a\.txt can't be made: a part of its path is a file$/],
  [
    { output: "DIR/a.txt/more/image" },
    "FAILED_PRECONDITION",
    /a\.txt\/more can't be made: a part of its path is a file$/,
  ],
  [{ output: "DIR" }, "FAILED_PRECONDITION", / exists and is no OCI layout: name another place with -o$/],
] as const)("refuses %j before anything is built", async (given, code, message) => {
  const dir = project();
  const wanted = JSON.parse(JSON.stringify(given).replaceAll("DIR", dir)) as Partial<WantedImage>;
  await expect(prepare(dir, wanted)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
});

it.each([
  ["auto", {}, "image.scripts: none answers here for this platform, start docker, podman or buildah"],
  ["oci", {}, "image.scripts: use --builder docker, podman or buildah"],
  ["auto", { secrets: ["id=a,env=PATH"] }, "image.scripts and --secret: none answers here for this platform, start"],
  [
    "auto",
    { platforms: ["linux/amd64", "linux/arm64"].map(parsePlatform) },
    "image.scripts: none of them can build for several platforms at once (linux/amd64, linux/arm64)",
  ],
] as const)("refuses what has to run where %s leads to no engine, %j", async (builder, change, message) => {
  const dir = project({ "bento.yaml": "image: { scripts: [setup.sh] }\n", "setup.sh": "" });
  await expect(prepare(dir, { builder, ...change })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(`a container engine is needed for ${message}`) as string,
  });
});
