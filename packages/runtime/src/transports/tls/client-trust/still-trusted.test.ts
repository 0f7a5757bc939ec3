import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAuthority } from "../certificates.fixture.ts";
import { pemBlocks } from "../pem.ts";
import { isRevoked, parseCrls } from "./crl.ts";
import { readDer } from "./der.ts";
import { isStillTrusted, parseTrust } from "./still-trusted.ts";

const DAY_MS = 24 * 60 * 60_000;
const root = createAuthority("root");
const other = createAuthority("root");
const between = root.intermediate("between");
const direct = root.issue("direct", { usage: "clientAuth" });
const deep = between.issue("deep", { usage: "clientAuth" });
const now = Date.now();

const chainOf = (pem: string): X509Certificate[] =>
  pemBlocks(pem, "CERTIFICATE").map((block) => new X509Certificate(block));
const trusted = (pem: string, trust: { ca: string; crl?: string }, nowMs = now): boolean =>
  isStillTrusted(chainOf(pem), parseTrust({ ca: trust.ca, crl: trust.crl }), nowMs);

describe("isStillTrusted", () => {
  it("takes a chain that leads to an authority of the bundle, straight or by one between", () => {
    expect(trusted(direct.cert, root)).toBe(true);
    expect(trusted(deep.cert, root)).toBe(true);
    expect(trusted(direct.cert, { ca: other.ca + root.ca })).toBe(true);
    const leafAlone = pemBlocks(deep.cert, "CERTIFICATE")[0] ?? "";
    expect(trusted(leafAlone, root)).toBe(false);
    expect(trusted(leafAlone, { ca: root.ca + between.ca })).toBe(true);
  });

  it("does not take one of an authority of the same name, nor a bundle without its root", () => {
    expect(trusted(direct.cert, other)).toBe(false);
    expect(trusted(deep.cert, other)).toBe(false);
    expect(trusted(deep.cert, between)).toBe(false);
  });

  it("does not take an authority that is none, such as another client's certificate", () => {
    const impostor = root.issue("between", { usage: "clientAuth" });
    expect(trusted(direct.cert, { ca: impostor.cert })).toBe(false);
  });

  it("ends with the dates of the certificate", () => {
    expect(trusted(direct.cert, root, now + 364 * DAY_MS)).toBe(true);
    expect(trusted(direct.cert, root, now + 366 * DAY_MS)).toBe(false);
    expect(trusted(direct.cert, root, now - 2 * DAY_MS)).toBe(false);
  });

  it("ends with a revocation of the certificate, or of an authority between", () => {
    expect(trusted(direct.cert, { ca: root.ca, crl: root.revoke([]) })).toBe(true);
    expect(trusted(direct.cert, { ca: root.ca, crl: root.revoke([deep.cert, direct.cert]) })).toBe(false);
    expect(trusted(deep.cert, { ca: root.ca, crl: root.revoke([between.ca]) })).toBe(false);
    expect(trusted(deep.cert, { ca: root.ca, crl: root.revoke([]) + between.revoke([deep.cert]) })).toBe(false);
  });
});

describe("parseCrls", () => {
  it("knows the authority, the serial numbers and the end of a list, as openssl writes it", () => {
    const [crl] = parseCrls(root.revoke([direct.cert], 30));
    expect(crl?.revoked).toEqual(new Set([new X509Certificate(direct.cert).serialNumber.replace(/^0+/, "")]));
    expect(Math.round(((crl?.nextUpdateMs ?? 0) - now) / DAY_MS)).toBe(30);
    expect(parseCrls(root.revoke([], -1))[0]?.nextUpdateMs).toBe(Date.UTC(2020, 0, 2));
  });

  it("does not mistake a number of another authority of another name for its own", () => {
    const stranger = createAuthority("stranger");
    expect(isRevoked(new X509Certificate(direct.cert), parseCrls(stranger.revoke([direct.cert])))).toBe(false);
  });

  it.each(["", "hello", root.ca, "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----"])("refuses %j", (text) => {
    expect(() => parseCrls(text)).toThrow(/revoked certificates/);
  });
});

describe("readDer", () => {
  it("gives elements that fill the bytes, or throws RangeError, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          const whole = readDer(Buffer.from(bytes)).map((element) => element.whole);
          expect(Buffer.concat(whole)).toEqual(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  it("reads lengths of one and of several bytes", () => {
    const long = Buffer.concat([Buffer.from([0x04, 0x82, 0x01, 0x00]), Buffer.alloc(256, 7)]);
    const elements = readDer(Buffer.concat([Buffer.from([0x05, 0x00]), long]));
    expect(elements.map(({ tag, content }) => [tag, content.length])).toEqual([
      [5, 0],
      [4, 256],
    ]);
  });
});
