import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BuildEvent } from "../../packages/packager/src/progress.ts";
import { pullImage } from "../../packages/packager/src/registry/pull-image.ts";
import { pushImage } from "../../packages/packager/src/registry/push-image.ts";
import { describeWith, imageTool } from "../support/needs.ts";
import { type RegistryProcess, startRegistry } from "../support/registry.ts";
import { run } from "../support/run-command.ts";
import { AMD64, ARM64, freshBlobs, putImage, putIndex } from "../support/small-image.ts";

/** No credentials, no proxies of whoever runs the tests. */
const env = { HOME: "/nonexistent" };

describeWith("docker-registry", "an open registry", () => {
  let registry: RegistryProcess;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());
  const name = (tag = "1"): string => `${registry.host}/test/${randomUUID()}:${tag}`;

  it("gives back by tag and by digest what was pushed", async () => {
    const [here, there] = [freshBlobs(), freshBlobs()];
    const image = await putImage(here);
    const reference = name();
    const report = await pushImage(image, reference, { blobs: here, env });
    expect(report).toMatchObject({
      reference: `${reference.replace(/:1$/, "")}@${image.digest}`,
      digest: image.digest,
      blobs: { present: 0, mounted: 0, sent: 2 },
    });
    expect(await pullImage(reference, { blobs: there, platforms: [AMD64], env })).toEqual({
      mediaType: image.mediaType,
      digest: image.digest,
      size: image.size,
    });
    expect(await there.find(image.layer.digest)).toBeDefined();
    expect(await pullImage(report.reference, { blobs: freshBlobs(), platforms: [AMD64], env })).toMatchObject({
      digest: image.digest,
    });
  });

  it("sends only what is missing, and takes what another repository has", async () => {
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const reference = name();
    await pushImage(image, reference, { blobs, env });
    const again = await pushImage(image, reference, { blobs, env });
    expect(again).toMatchObject({ blobs: { present: 2, mounted: 0, sent: 0 }, sentBytes: 0 });
    const elsewhere = await pushImage(image, name(), { blobs, env, mountFrom: ["debian:12-slim", reference] });
    expect(elsewhere).toMatchObject({ blobs: { present: 0, mounted: 2, sent: 0 }, sentBytes: 0 });
  });

  it("fetches of an index only the images for the platforms that are wanted, and says which there are", async () => {
    const [here, there] = [freshBlobs(), freshBlobs()];
    const images = [await putImage(here, { platform: AMD64 }), await putImage(here, { platform: ARM64 })] as const;
    const index = await putIndex(here, images);
    const reference = name();
    await pushImage(index, reference, { blobs: here, env });
    expect(await pullImage(reference, { blobs: there, platforms: [ARM64], env })).toMatchObject({
      digest: index.digest,
    });
    expect(await there.find(images[1].layer.digest)).toBeDefined();
    expect(await there.find(images[0].layer.digest)).toBeUndefined();
    const riscv = { os: "linux", architecture: "riscv64" };
    await expect(pullImage(reference, { blobs: there, platforms: [riscv], env })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${reference} has no image for linux/riscv64: it has one for linux/amd64, linux/arm64`,
    });
    const single = name();
    await pushImage(images[0], single, { blobs: here, env });
    await expect(pullImage(single, { blobs: freshBlobs(), platforms: [ARM64], env })).rejects.toMatchObject({
      message: `${single} has no image for linux/arm64: it has one for linux/amd64`,
    });
  });

  it("needs no registry for what is named by digest and was fetched before", async () => {
    const own = await startRegistry();
    const [here, there] = [freshBlobs(), freshBlobs()];
    const image = await putImage(here);
    const { reference } = await pushImage(image, `${own.host}/base:1`, { blobs: here, env });
    await pullImage(reference, { blobs: there, platforms: [AMD64], env });
    await own.stop();
    expect(await pullImage(reference, { blobs: there, platforms: [AMD64], env })).toMatchObject({
      digest: image.digest,
    });
    const wait = async (): Promise<void> => undefined;
    await expect(
      pullImage(`${own.host}/base:1`, { blobs: there, platforms: [AMD64], env, wait }),
    ).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: `${own.host}/base:1: the connection to ${own.host} failed (ECONNREFUSED)`,
    });
  });

  it("tells how far each blob is, from nothing to its size", async () => {
    const [here, there] = [freshBlobs(), freshBlobs()];
    const image = await putImage(here, { layerBytes: 3_000_000 });
    const reference = name();
    for (const task of ["push", "pull"] as const) {
      const events: BuildEvent[] = [];
      const onEvent = (event: BuildEvent): void => void events.push(event);
      if (task === "push") await pushImage(image, reference, { blobs: here, env, onEvent });
      else await pullImage(reference, { blobs: there, platforms: [AMD64], env, onEvent });
      const done = events.flatMap((event) =>
        event.kind === "bytes" && event.task === task && event.name === image.layer.digest ? [event.doneBytes] : [],
      );
      expect(done.at(0)).toBe(0);
      expect(done.at(-1)).toBe(image.layer.size);
      expect(done).toEqual(done.toSorted((a, b) => a - b));
      expect(done.length).toBeGreaterThan(3);
    }
  });

  it("says that there is no such image, and of a push what is not on this machine", async () => {
    const reference = name();
    await expect(pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${reference} is not in the registry ${registry.host}, or only for those who sign in`,
    });
    const image = await putImage(freshBlobs());
    await expect(pushImage(image, reference, { blobs: freshBlobs(), env })).rejects.toMatchObject({
      message: `the manifest ${image.digest} is not on this machine`,
    });
    await expect(pushImage(image, `${reference}@${image.digest}`, { blobs: freshBlobs(), env })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("leaves nothing in the store when it is ended", async () => {
    const here = freshBlobs();
    const image = await putImage(here, { layerBytes: 3_000_000 });
    const reference = name();
    await pushImage(image, reference, { blobs: here, env });
    const there = freshBlobs();
    const ending = new AbortController();
    const onEvent = (event: BuildEvent): void => {
      if (event.kind === "bytes" && event.name === image.layer.digest && event.doneBytes > 0) ending.abort();
    };
    const pulling = pullImage(reference, { blobs: there, platforms: [AMD64], env, onEvent, signal: ending.signal });
    await expect(pulling).rejects.toMatchObject({ name: "AbortError" });
    expect(await there.find(image.layer.digest)).toBeUndefined();
  });

  describeWith("crane", "judged by crane", () => {
    it("holds a valid image and index, and gives what crane has pushed", async () => {
      const here = freshBlobs();
      const index = await putIndex(here, [await putImage(here), await putImage(here, { platform: ARM64 })]);
      const reference = name();
      const { reference: pinned } = await pushImage(index, reference, { blobs: here, env });
      for (const asked of [reference, pinned]) {
        expect(await run(imageTool("crane"), ["validate", "--insecure", "--remote", asked])).toMatchObject({ code: 0 });
      }
      expect((await run(imageTool("crane"), ["digest", reference])).stdout.trim()).toBe(index.digest);
      const copy = name();
      expect(await run(imageTool("crane"), ["copy", reference, copy])).toMatchObject({ code: 0 });
      expect(await pullImage(copy, { blobs: freshBlobs(), platforms: [AMD64, ARM64], env })).toMatchObject({
        digest: index.digest,
      });
    });
  });

  describeWith("skopeo", "judged by skopeo", () => {
    it("is read alike, and gives what skopeo has converted to Docker's types", async () => {
      const here = freshBlobs();
      const image = await putImage(here);
      const reference = name();
      await pushImage(image, reference, { blobs: here, env });
      const inspected = await run("skopeo", ["inspect", "--tls-verify=false", `docker://${reference}`]);
      expect(JSON.parse(inspected.stdout)).toMatchObject({
        Digest: image.digest,
        Architecture: "amd64",
        Layers: [image.layer.digest],
      });
      const copy = name();
      const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
      const copied = await run("skopeo", [
        "copy",
        ...insecure,
        "--format",
        "v2s2",
        `docker://${reference}`,
        `docker://${copy}`,
      ]);
      expect(copied.code).toBe(0);
      expect(await pullImage(copy, { blobs: freshBlobs(), platforms: [AMD64], env })).toMatchObject({
        mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      });
    });
  });
});
