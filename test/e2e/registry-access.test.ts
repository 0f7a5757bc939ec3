import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { pullImage } from "../../packages/packager/src/registry/pull-image.ts";
import { pushImage } from "../../packages/packager/src/registry/push-image.ts";
import { createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import { describeWith } from "../support/needs.ts";
import { type RegistryProcess, type RegistrySetup, startRegistry } from "../support/registry.ts";
import { AMD64, freshBlobs, putImage } from "../support/small-image.ts";
import { startConnectProxy, startTamperingProxy } from "../support/tampering-proxy.ts";
import { startTokenServer, type TokenServer, type TokenUsers } from "../support/token-server.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Variables of somebody whose Docker configuration has these credentials. */
function signedIn(auths: Readonly<Record<string, Readonly<Record<string, string>>>> = {}): Record<string, string> {
  const dir = mkdtempSync(join(tmpdir(), "bento-docker-config-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "config.json"), JSON.stringify({ auths }));
  return { DOCKER_CONFIG: dir, HOME: "/nonexistent" };
}

async function registryWith(setup: RegistrySetup): Promise<RegistryProcess> {
  const registry = await startRegistry(setup);
  onTestFinished(() => registry.stop());
  return registry;
}

describeWith("docker-registry", "a registry with users in an htpasswd file", () => {
  // bcrypt of "s3cret" with the least work that it allows.
  const HTPASSWD = "ann:$2y$04$MC1iF7q/oZsdPKkdBs13Qect.YOiU8bWM7Z3hO.Td84hpgFWF5h5S\n";
  const auth = (dir: string): unknown => {
    writeFileSync(join(dir, "htpasswd"), HTPASSWD);
    return { htpasswd: { realm: "of the test", path: join(dir, "htpasswd") } };
  };

  it("lets in who has signed in, and tells others what to do, without a secret", async () => {
    const registry = await registryWith({ auth });
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const reference = `${registry.host}/a:1`;
    const env = signedIn({ [registry.host]: { auth: base64("ann:s3cret") } });
    await pushImage(image, reference, { blobs, env });
    expect(await pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env })).toMatchObject({
      digest: image.digest,
    });
    const wrong = signedIn({ [registry.host]: { auth: base64("ann:wr0ng") } });
    for (const other of [wrong, signedIn(), signedIn({ "127.0.0.1:1": { auth: base64("ann:s3cret") } })]) {
      const pulling = pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env: other });
      await expect(pulling).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: `${reference}: ${registry.host} refuses access with 401 (UNAUTHORIZED); sign in with "docker login", or ask for the right to it`,
      });
    }
  });

  it("sends no credentials to another host that it is sent on to", async () => {
    const registry = await registryWith({ auth });
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const env = signedIn({ [registry.host]: { auth: base64("ann:s3cret") } });
    await pushImage(image, `${registry.host}/a:1`, { blobs, env });
    const { readFile } = await import("node:fs/promises");
    const layer = await readFile((await blobs.find(image.layer.digest)) ?? "");
    const elsewhere = await startTamperingProxy(registry.url, () => ({ kind: "answer", status: 200, body: layer }));
    onTestFinished(() => elsewhere.close());
    const front = await startTamperingProxy(registry.url, ({ path }) =>
      path.endsWith(image.layer.digest)
        ? { kind: "answer", status: 307, headers: { location: `http://${elsewhere.host}/signed?key=1` } }
        : undefined,
    );
    onTestFinished(() => front.close());
    const there = freshBlobs();
    const fronted = signedIn({ [front.host]: { auth: base64("ann:s3cret") } });
    await pullImage(`${front.host}/a:1`, { blobs: there, platforms: [AMD64], env: fronted });
    expect(await there.find(image.layer.digest)).toBeDefined();
    const asked = front.seen.filter(({ path }) => path.endsWith(image.layer.digest));
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([`Basic ${base64("ann:s3cret")}`]);
    expect(elsewhere.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ["/signed?key=1", undefined],
    ]);
  });
});

describeWith("docker-registry", "a registry with tokens", () => {
  async function withTokens(
    users: TokenUsers,
  ): Promise<{ readonly tokens: TokenServer; readonly registry: RegistryProcess }> {
    const tokens = await startTokenServer(users);
    onTestFinished(() => tokens.close());
    return { tokens, registry: await registryWith({ auth: tokens.auth }) };
  }

  it("gives anybody a token for what is public, and the right to push to who has it", async () => {
    const { tokens, registry } = await withTokens({ passwords: { ann: "s3cret" } });
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const reference = `${registry.host}/team/a:1`;
    const env = signedIn({ [registry.host]: { auth: base64("ann:s3cret") } });
    await pushImage(image, reference, { blobs, env });
    expect(tokens.asked).toEqual([{ method: "GET", scopes: ["repository:team/a:pull,push"], user: "ann" }]);
    await pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env: signedIn() });
    expect(tokens.asked.at(-1)).toEqual({ method: "GET", scopes: ["repository:team/a:pull"], user: undefined });
    const other = await putImage(blobs);
    await expect(pushImage(other, reference, { blobs, env: signedIn() })).rejects.toThrow(/refuses access with 401/);
  });

  it("asks for a mount with the right to read where the blobs are", async () => {
    const { tokens, registry } = await withTokens({ passwords: { ann: "s3cret" } });
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const env = signedIn({ [registry.host]: { auth: base64("ann:s3cret") } });
    await pushImage(image, `${registry.host}/base:1`, { blobs, env });
    const report = await pushImage(image, `${registry.host}/own:1`, {
      blobs,
      env,
      mountFrom: [`${registry.host}/base:1`],
    });
    expect(report.blobs).toEqual({ present: 0, mounted: 2, sent: 0 });
    expect(tokens.asked.at(-1)?.scopes).toEqual(["repository:own:pull,push", "repository:base:pull"]);
  });

  it("takes a new token when one has ended, and gives up when that is refused as well", async () => {
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    // The registry allows for a minute of wrong clocks.
    const once = await withTokens({ passwords: { ann: "s3cret" }, lifeSeconds: (nth) => (nth === 0 ? -120 : 300) });
    const env = signedIn({ [once.registry.host]: { auth: base64("ann:s3cret") } });
    const outcome = pushImage(image, `${once.registry.host}/a:1`, { blobs, env });
    await expect(outcome).rejects.toThrow(/refuses access with 401/);
    expect(once.tokens.asked).toHaveLength(1);
    await pushImage(image, `${once.registry.host}/a:1`, { blobs, env });
  });

  it("exchanges an identity token", async () => {
    const { tokens, registry } = await withTokens({ passwords: {}, refreshTokens: { idt: "robot" }, isPublic: false });
    const blobs = freshBlobs();
    const env = signedIn({ [registry.host]: { auth: base64("ann:"), identitytoken: "idt" } });
    await pushImage(await putImage(blobs), `${registry.host}/a:1`, { blobs, env });
    expect(tokens.asked).toEqual([{ method: "POST", scopes: ["repository:a:pull,push"], user: "robot" }]);
  });

  it("shows no secret and nothing of the token server's text when it refuses", async () => {
    const { registry } = await withTokens({ passwords: { ann: "s3cret" }, isPublic: false });
    const env = signedIn({ [registry.host]: { auth: base64("ann:wr0ng") } });
    const pulling = pullImage(`${registry.host}/a:1`, { blobs: freshBlobs(), platforms: [AMD64], env });
    await expect(pulling).rejects.toThrow(
      /^a token for 127\.0\.0\.1:\d+: 127\.0\.0\.1:\d+ refuses access with 401 \(UNAUTHORIZED\); sign in/,
    );
    await expect(pulling).rejects.not.toThrow(/s3cret|wr0ng/);
  });
});

describeWith("docker-registry", "a registry behind TLS", () => {
  const authority = createAuthority();
  const tls = authority.issue("registry.test", { san: "DNS:registry.test,IP:127.0.0.1" });

  function caFile(): string {
    const dir = mkdtempSync(join(tmpdir(), "bento-ca-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, "ca.pem"), authority.ca);
    return join(dir, "ca.pem");
  }

  it("is trusted by its authority's certificate, from an option or a variable, and by nothing else", async () => {
    const registry = await registryWith({ tls });
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const reference = `${registry.host}/a:1`;
    const env = signedIn();
    await pushImage(image, reference, { blobs, env, caFile: caFile() });
    const byVariable = { ...env, BENTO_REGISTRY_CA: caFile() };
    expect(await pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env: byVariable })).toMatchObject({
      digest: image.digest,
    });
    await expect(pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `the registry: the certificate of ${registry.host} is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE); name a file with its authority's certificate in BENTO_REGISTRY_CA`,
    });
    const none = pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env, caFile: "/nonexistent/ca.pem" });
    await expect(none).rejects.toThrow("the registry's certificates can't be read from /nonexistent/ca.pem");
  });

  it("is reached through the proxy of HTTPS_PROXY, unless NO_PROXY has its host", async () => {
    const registry = await registryWith({ tls });
    const port = Number(registry.host.split(":")[1]);
    const proxy = await startConnectProxy(port);
    onTestFinished(() => proxy.close());
    const blobs = freshBlobs();
    const env = { ...signedIn(), HTTPS_PROXY: proxy.url, BENTO_REGISTRY_CA: caFile() };
    const wait = async (): Promise<void> => undefined;
    await pushImage(await putImage(blobs), "registry.test/a:1", { blobs, env, wait });
    expect(new Set(proxy.tunnels)).toEqual(new Set(["registry.test:443"]));
    const past = pullImage("registry.test/a:1", {
      blobs,
      platforms: [AMD64],
      env: { ...env, NO_PROXY: ".test" },
      wait,
    });
    await expect(past).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "registry.test/a:1: there is no host registry.test",
    });
    const odd = pullImage("registry.test/a:1", {
      blobs,
      platforms: [AMD64],
      env: { ...env, HTTPS_PROXY: "s3cret@" },
      wait,
    });
    await expect(odd).rejects.toThrow(/^HTTPS_PROXY or HTTP_PROXY is no URL/);
  });

  it("is asked for TLS on any other machine, and without it only when that is allowed for the host", async () => {
    const registry = await registryWith({});
    const proxy = await startConnectProxy(Number(registry.host.split(":")[1]));
    onTestFinished(() => proxy.close());
    const blobs = freshBlobs();
    const image = await putImage(blobs);
    const env = { ...signedIn(), HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
    const wait = async (): Promise<void> => undefined;
    const reference = "registry.test:5000/a:1";
    await expect(pushImage(image, reference, { blobs, env, wait })).rejects.toThrow(
      /registry\.test:5000 does not speak TLS \(\w+\); if it is meant to be without TLS, allow that with BENTO_REGISTRY_PLAIN_HTTP=registry\.test:5000$/,
    );
    await pushImage(image, reference, { blobs, env, wait, plainHttpHosts: ["registry.test:5000"] });
    const byVariable = { ...env, BENTO_REGISTRY_PLAIN_HTTP: "other.test, registry.test:5000" };
    expect(
      await pullImage(reference, { blobs: freshBlobs(), platforms: [AMD64], env: byVariable, wait }),
    ).toMatchObject({ digest: image.digest });
  });
});
