import { expect, it, onTestFinished } from "vitest";
import { MEDIA_TYPES } from "../../packages/packager/src/oci/types.ts";
import { pullImage } from "../../packages/packager/src/registry/pull-image.ts";
import { pushImage } from "../../packages/packager/src/registry/push-image.ts";
import { describeWith } from "../support/needs.ts";
import { startRegistry } from "../support/registry.ts";
import { startResumingRegistry } from "../support/resuming-registry.ts";
import { AMD64, freshBlobs, putImage } from "../support/small-image.ts";
import {
  startTamperingProxy,
  type Tampering,
  type TamperingProxy,
  type SeenRequest,
} from "../support/tampering-proxy.ts";

/** No credentials, no proxies of whoever runs the tests. */
const env = { HOME: "/nonexistent" };
const platforms = [AMD64];

/** A real registry behind a proxy that does harm. */
async function behind(
  choose: (request: SeenRequest, nth: number) => Tampering | undefined,
): Promise<{ readonly proxy: TamperingProxy; readonly direct: string }> {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  const proxy = await startTamperingProxy(registry.url, choose);
  onTestFinished(() => proxy.close());
  return { proxy, direct: registry.host };
}
/** A clock that does not wait; tells for how long it would have. */
function clock(): { readonly waits: number[]; readonly wait: (delayMs: number) => Promise<void> } {
  const waits: number[] = [];
  return { waits, wait: async (delayMs) => void waits.push(delayMs) };
}

const MiB = 1024 * 1024;
/** Ends the connection 3 MiB into the second of the parts of 16 MiB. */
function cutSecondPart(): (request: SeenRequest) => Tampering | undefined {
  let parts = 0;
  return ({ method }) =>
    method === "PATCH" && parts++ === 1 ? { kind: "cut request", afterBytes: 3 * MiB } : undefined;
}

describeWith("docker-registry", "a registry behind a line that breaks", () => {
  it("is asked for the rest of a blob, not for all of it again", async () => {
    let cuts = 0;
    const { proxy, direct } = await behind(({ method, path }) =>
      method === "GET" && path.includes("/blobs/") && path.endsWith(layerDigest) && cuts++ < 2
        ? { kind: "cut answer", afterBytes: 100_000 }
        : undefined,
    );
    const here = freshBlobs();
    const image = await putImage(here, { layerBytes: 400_000 });
    const layerDigest = image.layer.digest;
    await pushImage(image, `${direct}/a:1`, { blobs: here, env });
    const there = freshBlobs();
    await pullImage(`${proxy.host}/a:1`, { blobs: there, platforms, env, wait: clock().wait });
    expect(await there.find(layerDigest)).toBeDefined();
    const ranges = proxy.seen.filter(({ path }) => path.endsWith(layerDigest)).map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/), expect.stringMatching(/^bytes=\d+-$/)]);
    const [, second = "", third = ""] = ranges.map((range) => range?.replace(/\D/g, ""));
    expect(Number(second)).toBeGreaterThan(0);
    expect(Number(third)).toBeGreaterThan(Number(second));
  });

  it("is sent all of a blob again where it gives up what broke off", async () => {
    const { proxy, direct } = await behind(cutSecondPart());
    const here = freshBlobs();
    const image = await putImage(here, { layerBytes: 40 * MiB });
    const report = await pushImage(image, `${proxy.host}/a:1`, { blobs: here, env, wait: clock().wait });
    expect(await pullImage(`${direct}/a:1`, { blobs: freshBlobs(), platforms, env })).toMatchObject({
      digest: report.digest,
    });
  });

  it("is given up when it breaks off again and again, however little it brings each time", async () => {
    const { proxy, direct } = await behind(({ method, path }) =>
      method === "GET" && path.endsWith(layerDigest) ? { kind: "cut answer", afterBytes: 10 } : undefined,
    );
    const here = freshBlobs();
    const image = await putImage(here);
    const layerDigest = image.layer.digest;
    await pushImage(image, `${direct}/a:1`, { blobs: here, env });
    const pulling = pullImage(`${proxy.host}/a:1`, { blobs: freshBlobs(), platforms, env, wait: clock().wait });
    await expect(pulling).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `the blob ${layerDigest}: got 500 of ${image.layer.size} bytes in 50 tries`,
    });
  });

  it("is sent a blob whole where it takes no parts, and nothing twice when only the last answer was lost", async () => {
    let hasLost = false;
    const { proxy, direct } = await behind(({ method, path }) => {
      if (method === "PATCH") return { kind: "answer", status: 405 };
      const isLost = method === "PUT" && path.includes("/uploads/") && !hasLost;
      hasLost ||= isLost;
      return isLost ? { kind: "cut answer", afterBytes: 0 } : undefined;
    });
    const here = freshBlobs();
    const image = await putImage(here, { layerBytes: 2 * MiB });
    await pushImage(image, `${proxy.host}/a:1`, { blobs: here, env, wait: clock().wait });
    expect(proxy.seen.filter(({ bodyBytes }) => bodyBytes === image.layer.size)).toHaveLength(1);
    expect(await pullImage(`${direct}/a:1`, { blobs: freshBlobs(), platforms, env })).toMatchObject({
      digest: image.digest,
    });
  });

  it("is waited for as long as it asks, and asked again", async () => {
    let refusals = 0;
    const { proxy, direct } = await behind(({ path }) =>
      path.includes("/manifests/") && refusals++ < 2
        ? { kind: "answer", status: 429, headers: { "retry-after": "7" } }
        : undefined,
    );
    const here = freshBlobs();
    const image = await putImage(here);
    await pushImage(image, `${direct}/a:1`, { blobs: here, env });
    const { waits, wait } = clock();
    expect(await pullImage(`${proxy.host}/a:1`, { blobs: freshBlobs(), platforms, env, wait })).toMatchObject({
      digest: image.digest,
    });
    expect(waits).toEqual([7000, 7000]);
  });

  it("is given up after six tries, in one sentence", async () => {
    const { proxy } = await behind(() => ({ kind: "answer", status: 503, body: "<html>secret page</html>" }));
    const { waits, wait } = clock();
    const pulling = pullImage(`${proxy.host}/a:1`, { blobs: freshBlobs(), platforms, env, wait });
    const error: unknown = await pulling.catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    expect(String(error)).toContain(proxy.host);
    expect(String(error)).not.toContain("secret page");
    expect(waits).toHaveLength(5);
  });
});

it("a registry that keeps what broke off is sent the rest of a blob, not all of it again", async () => {
  const registry = await startResumingRegistry();
  onTestFinished(() => registry.close());
  const proxy = await startTamperingProxy(registry.url, cutSecondPart());
  onTestFinished(() => proxy.close());
  const here = freshBlobs();
  const image = await putImage(here, { layerBytes: 40 * MiB });
  await pushImage(image, `${proxy.host}/a:1`, { blobs: here, env, wait: clock().wait });
  expect(registry.blobs.get(image.layer.digest)?.length).toBe(image.layer.size);
  const sent = proxy.seen.filter(({ method }) => method === "PATCH").map(({ bodyBytes }) => bodyBytes);
  expect(sent.slice(0, 2)).toEqual([16 * MiB, 3 * MiB]);
  // Of the part that broke off, what did not arrive is sent again: not more.
  const total = sent.reduce((sum, bytes) => sum + bytes, 0);
  expect(total).toBeGreaterThanOrEqual(image.layer.size);
  expect(total).toBeLessThanOrEqual(image.layer.size + 3 * MiB);
});

/** Instead of each manifest. */
function manifestAnswer(path: string, body: Buffer | string): Tampering | undefined {
  if (!path.includes("/manifests/")) return undefined;
  return { kind: "answer", status: 200, headers: { "content-type": MEDIA_TYPES.manifest }, body };
}

describeWith("docker-registry", "a registry that lies", () => {
  it.each<[string, (path: string) => Tampering | undefined]>([
    [
      "other bytes for a layer",
      (path) => (path.includes("/blobs/") ? { kind: "answer", status: 200, body: "no" } : undefined),
    ],
    ["a manifest without end", (path) => manifestAnswer(path, Buffer.alloc(5_000_000, 32))],
    ["a manifest that is none", (path) => manifestAnswer(path, '{"layers":7}')],
    ["a circle of redirects", (path) => ({ kind: "answer", status: 307, headers: { location: path } })],
    ["a redirect to a file", () => ({ kind: "answer", status: 307, headers: { location: "file:///etc/passwd" } })],
  ])("is refused with %s, and nothing of it is kept", async (_what, tamper) => {
    const { proxy, direct } = await behind(({ path }) => tamper(path));
    const here = freshBlobs();
    const image = await putImage(here);
    await pushImage(image, `${direct}/a:1`, { blobs: here, env });
    const there = freshBlobs();
    const pulling = pullImage(`${proxy.host}/a:1`, { blobs: there, platforms, env, wait: clock().wait });
    await expect(pulling).rejects.toMatchObject({
      name: "ServingError",
      message: expect.stringContaining(" ") as string,
    });
    expect(await there.find(image.layer.digest)).toBeUndefined();
  });
});
