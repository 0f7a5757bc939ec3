import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import { bitString, element, integer, octets, oid, sequence, set, TRUE, utcTime, utf8 } from "./der.ts";

export interface CertificateOptions {
  readonly subject: string;
  /** Private key on P-256 of the subject. */
  readonly key: KeyObject;
  /** Who signs it; the subject itself, as an authority, unless given. */
  readonly issuer?: { readonly subject: string; readonly key: KeyObject };
  /** Names and addresses that a server's certificate is for. */
  readonly hosts?: readonly string[];
  readonly nowMs: number;
  readonly days: number;
}

const DAY_MS = 24 * 60 * 60_000;

/** Makes a certificate, as PEM: of an authority where nobody else signs it, else of a server. Source: RFC 5280. */
export function createCertificate(options: CertificateOptions): string {
  const { subject, key, nowMs, days } = options;
  const issuer = options.issuer ?? { subject, key };
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const body = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    nameOf(issuer.subject),
    // Clocks of containers and hosts differ by a little.
    sequence(utcTime(nowMs - 5 * 60_000), utcTime(nowMs + days * DAY_MS)),
    nameOf(subject),
    createPublicKey(key).export({ type: "spki", format: "der" }),
    element(0xa3, sequence(...extensionsOf(options, issuer.key))),
  );
  const der = sequence(body, algorithm, bitString(sign("sha256", body, issuer.key)));
  const lines = der.toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** 127 random bits behind a one, so that none of its bytes is left out. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid("2.5.4.3"), utf8(commonName))));
}

function extensionsOf({ key, issuer, hosts = [] }: CertificateOptions, issuerKey: KeyObject): readonly Buffer[] {
  const identifiers = [
    extension("2.5.29.14", octets(keyIdentifier(key))),
    extension("2.5.29.35", sequence(element(0x80, keyIdentifier(issuerKey)))),
  ];
  if (issuer === undefined)
    return [
      critical("2.5.29.19", sequence(TRUE, integer(Buffer.from([0])))),
      // keyCertSign, cRLSign
      critical("2.5.29.15", bitString(Buffer.from([0x06]), 1)),
      ...identifiers,
    ];
  return [
    critical("2.5.29.19", sequence()),
    // digitalSignature
    critical("2.5.29.15", bitString(Buffer.from([0x80]), 7)),
    extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", sequence(...hosts.map(alternativeName))),
    ...identifiers,
  ];
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), octets(value));
}

function critical(id: string, value: Buffer): Buffer {
  return sequence(oid(id), TRUE, octets(value));
}

/** SHA-1 of the public key's bits: a name for it, no protection. Source: RFC 5280, section 4.2.1.2. */
function keyIdentifier(key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return createHash("sha1").update(spki.subarray(-P256_POINT_BYTES)).digest();
}

/** An uncompressed point, which ends the key's DER. */
const P256_POINT_BYTES = 65;

function alternativeName(host: string): Buffer {
  const version = isIP(host);
  if (version === 4) return element(0x87, Buffer.from(host.split(".").map(Number)));
  if (host === "::1") return element(0x87, Buffer.from([...Array.from({ length: 15 }, () => 0), 1]));
  return element(0x82, Buffer.from(host, "ascii"));
}
