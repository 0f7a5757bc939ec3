import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BentoFile, defineService, digestOf } from "@bento-ts/runtime/definition";
import { expect, it } from "vitest";
import { describeWith } from "../../../../test/support/needs.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { buildImage, BUILDERS, defaultTag, type ImageOptions } from "./build-image.ts";
import { dockerfile } from "./dockerfile.ts";
import { PLAIN_FACTS } from "./image-facts.fixture.ts";
import { planImage } from "./image-plan.ts";

const text = { kind: "text", maxLength: null } as const;
const definition = defineService({
  name: "boston",
  version: "1.4.0",
  apis: [{ name: "score", input: text, output: text }],
});

function bento(change: Partial<BentoFile> = {}, base = "debian:12-slim"): string {
  const file: BentoFile = {
    formatVersion: 1,
    definition,
    definitionDigest: digestOf(definition),
    entry: "service/service.mjs",
    models: [],
    runtimeVersion: "0.1.0",
    nodeVersion: "24.21.0",
    platform: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
    ...change,
  };
  const plan = planImage({ ...PLAIN_FACTS, base });
  return tempTree({
    "bento.json": file,
    "image.json": plan,
    Dockerfile: dockerfile(plan),
    "node/bin/node": "",
    "node_modules/a/index.js": "",
    "service/service.mjs": "",
  });
}

const build = (dir: string, options: Partial<ImageOptions> = {}): Promise<unknown> =>
  buildImage({ bentoDir: dir, tags: [], base: "base:1", builder: "docker", ...options });

describeWith("docker", "buildImage with an engine", () => {
  it("names a base that is neither here nor can be fetched", async () => {
    await expect(build(bento(), { base: "127.0.0.1:1/absent/base:1" })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^the base image "127\.0\.0\.1:1\/absent\/base:1" is not on this machine and can't be fetched: ./,
      ),
    });
  });

  it("refuses a bento of another architecture before anything is built", async () => {
    await expect(build(bento({ platform: "linux/s390x" }))).rejects.toThrow(
      /^the bento is made for linux\/s390x and docker builds linux\/\w+: use --builder oci, or build on a machine of that kind$/,
    );
  });

  it("says where no engine answers", async () => {
    const env = { ...process.env, DOCKER_HOST: `unix://${join(tempTree(), "no.sock")}` };
    await expect(build(bento(), { env })).rejects.toThrow(
      `no Docker engine answers at ${env.DOCKER_HOST} (DOCKER_HOST): start it, or use --builder oci, which needs no engine`,
    );
  });
});

it.each(BUILDERS)("says that there is no %s client", async (builder) => {
  await expect(build(bento(), { builder, env: { PATH: tempTree() } })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: `there is no ${builder} client on this machine: install it, or use --builder oci, which needs no engine`,
  });
});

it.each([
  [
    "docker",
    "permission denied while trying to connect",
    /^the Docker engine at unix:\/\/\/x \(DOCKER_HOST\) does not let this user in: add the user to its group \(docker\), or use --builder oci/,
  ],
  [
    "podman",
    "Error: mkdir /nowhere: permission denied",
    /^podman does not work here \(Error: mkdir \/nowhere: permission denied\): give this user a home folder/,
  ],
  [
    "buildah",
    "Error: no storage",
    /^buildah does not work here \(Error: no storage\): set it up for this user, or use --builder oci/,
  ],
] as const)("says what keeps %s from answering", async (builder, words, message) => {
  const dir = tempTree();
  writeFileSync(join(dir, builder), `#!/bin/sh\necho "${words}" >&2\nexit 1\n`, { mode: 0o755 });
  const env = { PATH: dir, DOCKER_HOST: "unix:///x" };
  await expect(build(bento(), { builder, env })).rejects.toThrow(message);
});

it("ends with the abort's reason", async () => {
  await expect(build(bento(), { signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
});

it.each([
  "Boston:1",
  "boston:",
  "boston:1:2",
  "bos ton:1",
  "boston:a/b",
  "-x:1",
  `boston:${"1".repeat(129)}`,
  "--help",
])("refuses the image name %s", async (tag) => {
  await expect(build(bento(), { tags: [tag], env: { PATH: tempTree() } })).rejects.toThrow(`"${tag}" is no image name`);
});

it.each([
  "boston",
  "boston:1.4.0",
  "team/boston:a_b.c-d",
  "localhost:5000/team/boston:1",
  "models.example.com/a__b/c-d:1",
])("accepts the image name %s", async (tag) => {
  // Past the check of names the missing client is the next thing that is wrong.
  await expect(build(bento(), { tags: [tag], env: { PATH: tempTree() } })).rejects.toThrow("there is no docker client");
});

it("makes a tag of a version with build metadata", () => {
  expect(defaultTag("boston", "1.4.0+abc.1")).toBe("boston:1.4.0_abc.1");
});
