import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { devTlsDir, loadDevPair } from "./dev-pair.ts";

const DAY_MS = 24 * 60 * 60_000;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-dev-tls-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("loadDevPair", () => {
  it("makes a pair that openssl verifies strictly, for each name of this machine and no other", async () => {
    const { certFile, caFile } = await loadDevPair(join(dir, "new"), Date.now());
    const verify = (...args: readonly string[]): string =>
      execFileSync(
        "openssl",
        ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", caFile, ...args, certFile],
        {
          encoding: "utf8",
          stdio: "pipe",
        },
      );
    for (const name of [
      ["-verify_hostname", "localhost"],
      ["-verify_ip", "127.0.0.1"],
      ["-verify_ip", "::1"],
    ])
      expect(verify(...name)).toContain(": OK");
    expect(() => verify("-verify_hostname", "example.com")).toThrow(/hostname mismatch/i);
    const certificate = new X509Certificate(readFileSync(certFile));
    expect(certificate.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    expect(certificate.ca).toBe(false);
    expect(new X509Certificate(readFileSync(caFile)).ca).toBe(true);
  });

  it("is for its owner's eyes", async () => {
    const { keyFile } = await loadDevPair(join(dir, "new"), Date.now());
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "new")).mode & 0o777).toBe(0o700);
  });

  it("keeps the pair until a week before its end", async () => {
    const nowMs = Date.now();
    const { certFile } = await loadDevPair(dir, nowMs);
    const first = readFileSync(certFile, "utf8");
    await loadDevPair(dir, nowMs + 82 * DAY_MS);
    expect(readFileSync(certFile, "utf8")).toBe(first);
    await loadDevPair(dir, nowMs + 84 * DAY_MS);
    expect(readFileSync(certFile, "utf8")).not.toBe(first);
  });

  it.each(["cert.pem", "key.pem", "ca.pem"])("makes it anew when %s is of another one, or broken", async (name) => {
    const { certFile } = await loadDevPair(dir, Date.now());
    const other = await loadDevPair(join(dir, "other"), Date.now());
    const first = readFileSync(certFile, "utf8");
    writeFileSync(join(dir, name), readFileSync(other.certFile.replace("cert.pem", name)));
    await loadDevPair(dir, Date.now());
    const second = readFileSync(certFile, "utf8");
    expect(second).not.toBe(first);
    writeFileSync(join(dir, name), "broken");
    await loadDevPair(dir, Date.now());
    expect(readFileSync(certFile, "utf8")).not.toBe(second);
  });
});

describe("devTlsDir", () => {
  it("stands beside the rest of what bento-ts keeps", () => {
    expect(devTlsDir({ BENTO_HOME: "/data" })).toBe("/data/dev-tls");
    expect(devTlsDir({})).toMatch(/\/\.bento-ts\/dev-tls$/);
  });
});
