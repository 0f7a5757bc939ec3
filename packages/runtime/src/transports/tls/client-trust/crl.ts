import type { X509Certificate } from "node:crypto";
import { pemBlocks, pemBytes } from "../pem.ts";
import { readDer } from "./der.ts";

/** A list of an authority's revoked certificates. */
export interface Crl {
  /** The authority's name, DER in hex. */
  readonly issuer: string;
  /** Epoch milliseconds from which the list is out of date. */
  readonly nextUpdateMs: number | undefined;
  /** Serial numbers in upper-case hex without leading zeros. */
  readonly revoked: ReadonlySet<string>;
}

/** Reads the lists of a PEM text. Their signatures are not looked at: OpenSSL does it in each handshake. Throws Error for a text without one, or a broken one. */
export function parseCrls(pem: string): readonly Crl[] {
  const blocks = pemBlocks(pem, "X509 CRL");
  if (blocks.length === 0) throw new Error("expected PEM lists of revoked certificates (-----BEGIN X509 CRL-----)");
  return blocks.map((block) => parseCrl(pemBytes(block)));
}

/** Whether one of the lists names a certificate. */
export function isRevoked(certificate: X509Certificate, crls: readonly Crl[]): boolean {
  const issuer = issuerOf(certificate);
  return crls.some((crl) => crl.issuer === issuer && crl.revoked.has(toSerial(certificate.serialNumber)));
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const TIMES = [0x17, 0x18];

/** Source: RFC 5280, section 5.1. */
function parseCrl(bytes: Buffer): Crl {
  const fields = [...readDer(firstOf(firstOf(bytes)))];
  if (fields[0]?.tag === INTEGER) fields.shift();
  const [, issuer, , ...rest] = fields;
  if (issuer === undefined) throw new Error("the list of revoked certificates is broken");
  const next = rest[0] !== undefined && TIMES.includes(rest[0].tag) ? rest.shift() : undefined;
  const entries = rest[0]?.tag === SEQUENCE ? readDer(rest[0].content) : [];
  const serials = entries.map(({ content }) => readDer(content)[0]?.content.toString("hex") ?? "");
  return {
    issuer: issuer.whole.toString("hex"),
    nextUpdateMs: next === undefined ? undefined : timeOf(next.content.toString("latin1")),
    revoked: new Set(serials.map(toSerial)),
  };
}

/** Zeros in front only keep a number positive or its digits even. */
function toSerial(hex: string): string {
  return hex.replace(/^0+(?=.)/, "").toUpperCase();
}

/** The issuer's name is the field behind serial number and algorithm, of a version 1 certificate as well. Source: RFC 5280, section 4.1. */
function issuerOf({ raw }: X509Certificate): string | undefined {
  const fields = readDer(firstOf(firstOf(raw)));
  const serialAt = fields.findIndex(({ tag }) => tag === INTEGER);
  return fields[serialAt + 2]?.whole.toString("hex");
}

function firstOf(bytes: Buffer): Buffer {
  const [first] = readDer(bytes);
  if (first === undefined) throw new Error("the list of revoked certificates is empty");
  return first.content;
}

/** UTCTime (two digits of the year, 50–99 are of the last century) or GeneralizedTime. */
function timeOf(text: string): number {
  const [, year = "", month, day, hours, minutes, seconds] =
    /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  const whole = year.length === 2 ? `${Number(year) < 50 ? "20" : "19"}${year}` : year;
  return Date.parse(`${whole}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
}
