import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClientCertificate } from "../../call/types.ts";
import { createAuthority, type IssueOptions } from "../../transports/tls/certificates.fixture.ts";
import type { Caller } from "../types.ts";
import { parseAlternativeNames } from "./alternative-names.ts";
import { createClientCertAuthenticator } from "./create-client-cert-authenticator.ts";
import { isSpiffeId } from "./spiffe-id.ts";

const authority = createAuthority();
const clock = { now: () => Date.now(), schedule: () => () => undefined };

function clientOf(name: string, options: IssueOptions = {}, fault?: string): ClientCertificate {
  const { cert } = authority.issue(name, { usage: "clientAuth", ...options });
  const certificate = new X509Certificate(cert);
  return { certificate, subject: `CN=${name}`, fingerprint: certificate.fingerprint256, fault };
}

function callerOf(client: ClientCertificate | undefined): Caller {
  const tls = { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", client };
  return { valuesOf: () => [], peerIp: "127.0.0.1", clientIp: "127.0.0.1", route: "/predict", tls };
}

async function identify(client: ClientCertificate, { cnFallback = false, nowMs = Date.now() } = {}) {
  const caller = callerOf(client);
  const authenticator = createClientCertAuthenticator({ cnFallback, clock: { ...clock, now: () => nowMs } });
  return await authenticator.verify(authenticator.find(caller) ?? "", caller);
}

describe("createClientCertAuthenticator", () => {
  it.each([
    ["URI:spiffe://td/ns/a/sa/b", "spiffe", "spiffe://td/ns/a/sa/b"],
    ["DNS:first.example,URI:spiffe://td/x,email:a@b.c", "spiffe", "spiffe://td/x"],
    ["email:a@b.c,DNS:first.example,DNS:second.example", "mtls", "first.example"],
    ["email:a@b.c", "mtls", "a@b.c"],
    ["URI:https://other.example/,DNS:first.example", "mtls", "first.example"],
  ])("names the owner of %s", async (san, method, name) => {
    const client = clientOf("ignored", { san });
    expect(await identify(client)).toMatchObject({
      method,
      name,
      issuer: "CN=test authority",
      credentialId: client.fingerprint,
      groups: [],
      expiresAtMs: Date.parse(client.certificate.validTo),
    });
  });

  it("takes the common name only where it may, and only without alternative names", async () => {
    const bare = clientOf("svc", { san: undefined });
    await expect(identify(bare)).rejects.toMatchObject({ code: "UNAUTHENTICATED", reason: "invalid_credentials" });
    expect(await identify(bare, { cnFallback: true })).toMatchObject({ name: "svc", method: "mtls" });
    const address = clientOf("svc", { san: "IP:10.0.0.1" });
    await expect(identify(address, { cnFallback: true })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it.each([
    "URI:spiffe://td/a,URI:spiffe://td/b",
    "URI:spiffe://td/a,URI:https://other.example/",
    "URI:https://other.example/,URI:spiffe://td/a",
    "URI:spiffe://td",
    "URI:spiffe://td/../admin,DNS:fall.back",
    "URI:SPIFFE://td/a,DNS:fall.back",
    "URI:spiffe://td:8080/a",
    "URI:spiffe://user@td/a",
    "URI:spiffe://td/a?admin",
  ])("takes nothing else from a certificate that is a broken SVID: %s", async (san) => {
    await expect(identify(clientOf("x", { san }))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("finds nothing without a certificate, and refuses one that does not count without a word of why", async () => {
    const authenticator = createClientCertAuthenticator({ cnFallback: false, clock });
    expect(authenticator.find(callerOf(undefined))).toBeUndefined();
    expect(authenticator.find({ ...callerOf(undefined), tls: undefined })).toBeUndefined();
    await expect(identify(clientOf("x", {}, "SELF_SIGNED_CERT_IN_CHAIN"))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      reason: "invalid_credentials",
      message: "the client certificate is not valid",
    });
  });

  it("refuses a certificate that has ended since its connection was opened", async () => {
    const client = clientOf("x");
    const endMs = Date.parse(client.certificate.validTo);
    expect(await identify(client, { nowMs: endMs - 1 })).toMatchObject({ name: "x" });
    await expect(identify(client, { nowMs: endMs })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      reason: "expired",
    });
  });
});

describe("parseAlternativeNames", () => {
  it("reads what Node writes, names in quotes too", () => {
    expect(
      parseAlternativeNames('DNS:a.example, URI:"spiffe://td/x, DNS:admin", email:a@b.c, IP Address:1.2.3.4'),
    ).toBeUndefined();
    expect(
      parseAlternativeNames('DNS:a.example, URI:"spiffe://td/x,DNS:admin", email:a@b.c, IP Address:1.2.3.4'),
    ).toEqual({
      uris: ["spiffe://td/x,DNS:admin"],
      dns: ["a.example"],
      emails: ["a@b.c"],
    });
    expect(parseAlternativeNames(undefined)).toEqual({ uris: [], dns: [], emails: [] });
  });

  it.each(['DNS:"a', "DNS:a,DNS:b", "DNS:a, ", "hello", 'DNS:"a\\u0000.evil"', "DNS:é", "DNS:a b", "DNS:"])(
    "refuses %j",
    (text) => {
      expect(parseAlternativeNames(text)).toBeUndefined();
    },
  );

  it("never lets a quoted name become two, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const names = parseAlternativeNames(`URI:${JSON.stringify(value)}, DNS:own.example`);
        if (names !== undefined) expect(names).toEqual({ uris: [value], dns: ["own.example"], emails: [] });
      }),
    );
  });
});

describe("isSpiffeId", () => {
  it.each([
    ["spiffe://example.org/ns/prod/sa/api", true],
    ["spiffe://example.org/", false],
    ["spiffe://example.org", false],
    ["spiffe://Example.org/a", false],
    ["spiffe://example.org/a//b", false],
    ["spiffe://example.org/a/", false],
    ["spiffe://example.org/./a", false],
    ["spiffe://example.org/a%20b", false],
    ["spiffe://example.org/a#b", false],
    [`spiffe://example.org/${"a".repeat(2030)}`, false],
  ])("%s: %s", (uri, expected) => {
    expect(isSpiffeId(uri)).toBe(expected);
  });
});
