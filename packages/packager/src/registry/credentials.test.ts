import { chmodSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { type Credential, findCredential } from "./credentials.ts";

const signal = new AbortController().signal;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const password = (user: string, secret: string): Credential => ({ kind: "password", user, password: secret });

/** The credential for a host, where these files are in the home folder. */
async function find(
  files: Readonly<Record<string, unknown>>,
  host: string,
  {
    repository = "team/a",
    env = {},
  }: { readonly repository?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Credential | undefined> {
  return findCredential(host, repository, {
    env: { HOME: tempTree(files), PATH: process.env["PATH"], ...env },
    signal,
  });
}

/** A folder with a helper that answers as this shell text does; `$server` is what it was asked for. */
function helperFolder(name: string, shell: string): string {
  const dir = tempTree({ [`docker-credential-${name}`]: `#!/bin/sh\nread -r server || true\n${shell}\n` });
  chmodSync(join(dir, `docker-credential-${name}`), 0o755);
  return [dir, process.env["PATH"]].join(delimiter);
}

describe("credentials that are kept in files", () => {
  it.each([
    [
      "docker login's",
      { auths: { "example.com:5000": { auth: base64("ann:s3:cret") } } },
      "example.com:5000",
      password("ann", "s3:cret"),
    ],
    [
      "one padded with zero bytes",
      { auths: { "example.com": { auth: base64("ann:pw\0\0") } } },
      "example.com",
      password("ann", "pw"),
    ],
    [
      "one under a URL",
      { auths: { "https://example.com/v2/": { auth: base64("ann:pw") } } },
      "example.com",
      password("ann", "pw"),
    ],
    [
      "Docker Hub's",
      { auths: { "https://index.docker.io/v1/": { auth: base64("ann:pw") } } },
      "registry-1.docker.io",
      password("ann", "pw"),
    ],
    [
      "an identity token",
      { auths: { "example.com": { auth: base64("ann:"), identitytoken: "idt" } } },
      "example.com",
      { kind: "identityToken", token: "idt" },
    ],
    [
      "one in two fields",
      { auths: { "example.com": { username: "ann", password: "pw" } } },
      "example.com",
      password("ann", "pw"),
    ],
  ] as const)("finds %s", async (_name, config, host, expected) => {
    expect(await find({ ".docker/config.json": config }, host)).toEqual(expected);
  });

  it("gives none to another host, port or a host whose name only begins alike", async () => {
    const files = { ".docker/config.json": { auths: { "example.com": { auth: base64("ann:pw") } } } };
    for (const host of ["example.com.evil.org", "example.com:5000", "evil.org", "registry-1.docker.io"]) {
      expect(await find(files, host)).toBeUndefined();
    }
    expect(await find({}, "example.com")).toBeUndefined();
  });

  it("looks where DOCKER_CONFIG says, then into the files of containers, the narrowest entry first", async () => {
    const dir = tempTree({ "config.json": { auths: { "example.com": { auth: base64("docker:1") } } } });
    expect(await find({}, "example.com", { env: { DOCKER_CONFIG: dir } })).toEqual(password("docker", "1"));
    const entries = { "example.com": { auth: base64("all:1") }, "example.com/team": { auth: base64("team:2") } };
    const files = { ".config/containers/auth.json": { auths: entries } };
    expect(await find(files, "example.com")).toEqual(password("team", "2"));
    expect(await find(files, "example.com", { repository: "teams/a" })).toEqual(password("all", "1"));
    const own = tempTree({ "auth.json": { auths: { "example.com": { auth: base64("own:3") } } } });
    expect(await find(files, "example.com", { env: { REGISTRY_AUTH_FILE: join(own, "auth.json") } })).toEqual(
      password("own", "3"),
    );
    const runtime = tempTree({ "containers/auth.json": { auths: { "example.com": { auth: base64("run:4") } } } });
    expect(await find(files, "example.com", { env: { XDG_RUNTIME_DIR: runtime } })).toEqual(password("run", "4"));
  });

  it("names the file that is not well-formed and shows nothing of it", async () => {
    const broken = find({ ".docker/config.json": '{"auths": {"example.com": {"auth": s3cret' }, "example.com");
    await expect(broken).rejects.toThrow(/\.docker\/config\.json is not well-formed: expected JSON/);
    await expect(broken).rejects.not.toThrow(/s3cret/);
    const odd = find(
      { ".docker/config.json": { auths: { "example.com": { auth: base64("s3cret") } } } },
      "example.com",
    );
    await expect(odd).rejects.toThrow(/has an "auth" that is not user:password in base64/);
  });
});

describe("credentials that a helper keeps", () => {
  const answer = 'echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"ann\\",\\"Secret\\":\\"for $server\\"}"';

  it("asks the one for the host before the one for all", async () => {
    const PATH = [helperFolder("own", answer), helperFolder("all", "exit 9")].join(delimiter);
    const files = {
      ".docker/config.json": { credsStore: "all", credHelpers: { "example.com": "own" }, auths: { "example.com": {} } },
    };
    expect(await find(files, "example.com", { env: { PATH } })).toEqual(password("ann", "for example.com"));
  });

  it("takes an identity token, and what the file has when the helper has nothing", async () => {
    const token = helperFolder("all", 'echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"idt\\"}"');
    const files = {
      ".docker/config.json": { credsStore: "all", auths: { "example.com": { auth: base64("file:1") } } },
    };
    expect(await find(files, "example.com", { env: { PATH: token } })).toEqual({ kind: "identityToken", token: "idt" });
    const nothing = helperFolder("all", 'echo "credentials not found in native keychain"; exit 1');
    expect(await find(files, "example.com", { env: { PATH: nothing } })).toEqual(password("file", "1"));
  });

  it("says what is wrong with a helper and shows nothing that it wrote", async () => {
    const files = { ".docker/config.json": { credsStore: "all" } };
    const asked = (shell: string): Promise<unknown> =>
      find(files, "example.com", { env: { PATH: helperFolder("all", shell) } });
    await expect(asked("echo s3cret; exit 3")).rejects.toThrow(
      "docker-credential-all failed with exit code 3 when asked for example.com: run it by hand to see why",
    );
    await expect(asked("echo s3cret")).rejects.toThrow('docker-credential-all gave no "Username" and "Secret"');
    await expect(find(files, "example.com")).rejects.toThrow(
      "docker-credential-all, which Docker's configuration names, can't be started: install it or take it out there",
    );
    const evil = { ".docker/config.json": { credsStore: "../../bin/sh" } };
    await expect(find(evil, "example.com")).rejects.toThrow('"../../bin/sh" is no name of a credential helper');
  });
});
