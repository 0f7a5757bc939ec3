import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TlsConfig } from "../../config/security/types.ts";
import { createLogger } from "../../telemetry/logger.ts";
import { createAuthority } from "./certificates.fixture.ts";
import { parseMaterial } from "./parse-material.ts";
import type { TlsMaterial } from "./tls-options.ts";
import type { TlsPair } from "./tls-pair.ts";
import { type TlsWatch, watchTls } from "./watch-tls.ts";

const authority = createAuthority();
const server = authority.issue("localhost");
const next = authority.issue("localhost");

let dir: string;
let watch: TlsWatch | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-tls-"));
});
afterEach(() => {
  watch?.close();
  watch = undefined;
  rmSync(dir, { recursive: true });
});

const put = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const putPair = ({ cert, key }: TlsPair): void => {
  put("tls.crt", cert);
  put("tls.key", key);
};

function config(given: Partial<TlsConfig> = {}): TlsConfig {
  return {
    source: { kind: "files", certFile: join(dir, "tls.crt"), keyFile: join(dir, "tls.key") },
    keyPassphraseFile: null,
    cname: null,
    profile: "modern",
    clientAuth: "off",
    clientCaFile: null,
    crlFile: null,
    cnFallback: false,
    httpRedirectPort: null,
    acmeChallengeDir: null,
    ...given,
  };
}

const inFolder = (secretDir = dir): Partial<TlsConfig> => ({ source: { kind: "secretDir", secretDir } });

interface Watched {
  readonly given: TlsMaterial[];
  readonly lines: Record<string, unknown>[];
  /** Values of a metric by the text of its labels. */
  metric(name: string): Record<string, number>;
}

async function start(tls: TlsConfig, options: { isLoopback?: boolean; everyMs?: number } = {}): Promise<Watched> {
  const given: TlsMaterial[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger({ level: "debug", format: "json", destination: { write } });
  watch = await watchTls({ tls, isLoopback: true, logger, ...options });
  watch.follow((it) => void given.push(it));
  const started = watch;
  return {
    given,
    lines,
    metric(name) {
      const family = started.metrics().find((it) => it.name === name);
      return Object.fromEntries((family?.values ?? []).map(({ labels, value }) => [labels["outcome"] ?? "", value]));
    },
  };
}

describe("watchTls at the start", () => {
  it("gives what the files say, and tells when the certificate ends", async () => {
    putPair(server);
    const { given, metric } = await start(config());
    expect(given.map(({ pair }) => pair.cert)).toEqual([server.cert]);
    const end = metric("bento_tls_cert_expiry_seconds")[""] ?? 0;
    expect(Math.round((end - Date.now() / 1000) / 86_400)).toBe(365);
    expect(parseMaterial(structuredClone(given[0]))).toEqual(given[0]);
  });

  it.each([
    ["tls.crt", "tls.key"],
    ["cert.pem", "key.pem"],
  ])("takes a secret's folder with %s and %s", async (cert, key) => {
    put(cert, server.cert);
    put(key, server.key);
    expect((await start(config(inFolder()))).given).toHaveLength(1);
  });

  it("names every fault by its key at once", async () => {
    put("tls.crt", server.cert);
    put("tls.key", next.key);
    put("ca", "no authority");
    put("crl", "no list");
    const tls = config({
      cname: "boston.example",
      clientAuth: "require",
      clientCaFile: join(dir, "ca"),
      crlFile: join(dir, "crl"),
    });
    await expect(start(tls)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      problems: [
        { path: "server.tls.keyFile", message: expect.stringContaining("of two pairs") as string },
        { path: "server.tls.clientCaFile", message: expect.stringContaining("expected PEM certificates") as string },
        { path: "server.tls.crlFile", message: expect.stringContaining("expected PEM lists") as string },
        { path: "server.tls.certFile", message: expect.stringContaining("is not for boston.example") as string },
      ],
    });
  });

  it("refuses files that are not there, and a folder without a pair", async () => {
    await expect(start(config())).rejects.toMatchObject({
      problems: [
        { path: "server.tls.certFile", message: expect.stringContaining("ENOENT") as string },
        { path: "server.tls.keyFile", message: expect.stringContaining("ENOENT") as string },
      ],
    });
    await expect(start(config(inFolder()))).rejects.toMatchObject({
      problems: [{ path: "server.tls.secretDir" }, { path: "server.tls.secretDir" }],
    });
  });

  it("refuses a certificate that has expired", async () => {
    putPair(authority.issue("localhost", { days: -1 }));
    await expect(start(config())).rejects.toMatchObject({
      problems: [{ path: "server.tls.certFile", message: expect.stringContaining("has expired") as string }],
    });
  });

  it("knows a name by the alternative names alone, addresses among them", async () => {
    putPair(authority.issue("common.example", { san: "DNS:*.example.org,IP:10.0.0.1" }));
    await expect(start(config({ cname: "common.example" }))).rejects.toThrow("is not for common.example");
    await expect(start(config({ cname: "10.0.0.2" }))).rejects.toThrow("is not for 10.0.0.2");
    expect((await start(config({ cname: "a.example.org" }))).given).toHaveLength(1);
    watch?.close();
    expect((await start(config({ cname: "10.0.0.1" }))).given).toHaveLength(1);
  });

  it("opens an encrypted key with a passphrase from a file, and says so when it has none", async () => {
    const secret = "correct horse";
    putPair(server);
    execFileSync("openssl", ["pkcs8", "-topk8", "-in", "tls.key", "-out", "sealed", "-passout", `pass:${secret}`], {
      cwd: dir,
    });
    const source = { kind: "files", certFile: join(dir, "tls.crt"), keyFile: join(dir, "sealed") } as const;
    await expect(start(config({ source }))).rejects.toThrow(/server\.tls\.keyFile: .*encrypted.*keyPassphraseFile/);
    const wrong = put("wrong", "battery staple\n");
    await expect(start(config({ source, keyPassphraseFile: wrong }))).rejects.toThrow("does not open the key");
    const right = put("right", `${secret}\n`);
    expect((await start(config({ source, keyPassphraseFile: right }))).given).toHaveLength(1);
  });

  it("warns of a certificate that ends within 30 days, and of a self-signed one that others are to trust", async () => {
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "10",
        "-subj",
        "/CN=a",
        "-keyout",
        "tls.key",
        "-out",
        "tls.crt",
      ],
      { cwd: dir, stdio: "pipe" },
    );
    const { lines } = await start(config(), { isLoopback: false });
    expect(lines.map(({ message }) => message)).toEqual([
      expect.stringContaining("ends in 9 days"),
      expect.stringContaining("self-signed"),
    ]);
    watch?.close();
    expect((await start(config())).lines).toHaveLength(1);
  });

  it("refuses a key that OpenSSL finds too short", async () => {
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=a", "-keyout", "tls.key", "-out", "tls.crt"],
      { cwd: dir, stdio: "pipe" },
    );
    await expect(start(config())).rejects.toThrow(/server\.tls\.certFile: .*key too small/);
  });
});

describe("watchTls later", () => {
  it("takes a new pair, counts it and says until when it is good", async () => {
    putPair(server);
    const { given, lines, metric } = await start(config());
    putPair(next);
    await watch?.reload();
    expect(given.map(({ pair }) => pair.cert)).toEqual([server.cert, next.cert]);
    expect(metric("bento_tls_reloads_total")).toEqual({ ok: 1, failed: 0 });
    expect(lines).toEqual([expect.objectContaining({ event: "tls_reloaded", level: "info" })]);
    await watch?.reload();
    expect(given).toHaveLength(2);
  });

  it("keeps what it has while the new is broken, says and counts it once, and takes what comes next", async () => {
    putPair(server);
    const { given, lines, metric } = await start(config());
    put("tls.key", next.key);
    await watch?.reload();
    await watch?.reload();
    expect(given).toHaveLength(1);
    expect(metric("bento_tls_reloads_total")).toEqual({ ok: 0, failed: 1 });
    expect(lines).toEqual([
      expect.objectContaining({
        event: "tls_reload_failed",
        level: "error",
        message: expect.stringMatching(/^TLS stays as it is: server\.tls\.keyFile: .*of two pairs$/) as string,
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain("PRIVATE KEY");
    put("tls.crt", next.cert);
    await watch?.reload();
    expect(given).toHaveLength(2);
    unlinkSync(join(dir, "tls.crt"));
    await watch?.reload();
    expect(metric("bento_tls_reloads_total")).toEqual({ ok: 1, failed: 2 });
  });

  it("takes the same pair again that stood there before a broken one", async () => {
    putPair(server);
    const { given, metric } = await start(config());
    put("tls.key", "broken");
    await watch?.reload();
    put("tls.key", server.key);
    await watch?.reload();
    expect(given).toHaveLength(2);
    expect(metric("bento_tls_reloads_total")).toEqual({ ok: 1, failed: 1 });
  });

  it("takes a new certificate that has expired or is for another name with a warning: it may be what the owner wants", async () => {
    putPair(server);
    const { given, lines } = await start(config({ cname: "localhost" }));
    putPair(authority.issue("other", { days: -1 }));
    await watch?.reload();
    expect(given).toHaveLength(2);
    expect(lines.slice(1).map(({ level, message }) => [level, message])).toEqual([
      ["warn", expect.stringContaining("has expired")],
      ["warn", expect.stringContaining("is not for localhost")],
    ]);
  });

  it("sees a folder that Kubernetes swaps by its link, by itself within the time between two looks", async () => {
    const swap = (version: string, { cert, key }: TlsPair): void => {
      mkdirSync(join(dir, version));
      put(`${version}/tls.crt`, cert);
      put(`${version}/tls.key`, key);
      symlinkSync(version, join(dir, "..data_tmp"));
      renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    };
    swap("..1", server);
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(`..data/${name}`, join(dir, name));
    const { given, metric } = await start(config(inFolder()), { everyMs: 20 });
    swap("..2", next);
    await vi.waitFor(() => expect(given).toHaveLength(2), { timeout: 20_000 });
    expect(given[1]?.pair.cert).toBe(next.cert);
    expect(metric("bento_tls_reloads_total")).toEqual({ ok: 1, failed: 0 });
  });

  it("takes the authorities of callers from the folder, and a new list of revoked ones", async () => {
    putPair(server);
    put("ca.crt", authority.ca);
    const crlFile = put("crl", authority.revoke([]));
    const { given, lines } = await start(config({ ...inFolder(), clientAuth: "require", crlFile }));
    expect(given[0]).toMatchObject({ ca: authority.ca });
    const list = authority.revoke([server.cert], -1);
    put("crl", list);
    await watch?.reload();
    expect(given[1]).toMatchObject({ crl: list });
    expect(lines.map(({ message }) => message)).toContainEqual(expect.stringContaining("is out of date"));
    unlinkSync(join(dir, "ca.crt"));
    await watch?.reload();
    expect(given).toHaveLength(2);
  });
});

describe("parseMaterial", () => {
  it.each([
    undefined,
    null,
    "x",
    {},
    { pair: { cert: "a" }, profile: "modern" },
    { pair: { cert: "a", key: "b" }, profile: "old" },
  ])("takes nothing else for it: %j", (value) => {
    expect(parseMaterial(value)).toBeUndefined();
  });
});
