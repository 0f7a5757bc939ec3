import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { ServingError } from "../../errors.ts";
import { ALGORITHMS } from "./algorithms.ts";
import { own, type KeyRequest } from "./header.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";

/** A public key that can verify signatures. */
export interface VerificationKey {
  /** Changes with whatever of the key matters; different for each issuer. */
  readonly id: string;
  readonly kid: string | undefined;
  /** The one algorithm that the issuer lets it be used with, undefined for every one that fits. */
  readonly alg: string | undefined;
  readonly kty: string;
  readonly crv: string | undefined;
  readonly key: KeyObject;
}

/** The usable keys of an issuer. */
export interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** How many keys of the document were left out. */
  readonly unusable: number;
}

/**
 * Reads a JWK set (RFC 7517, section 5) and leaves out keys that must not verify tokens: secrets, encryption keys, private keys, short RSA keys, unknown kinds.
 *
 * Throws UNAVAILABLE when it is no key set, holds more than 200 keys or none that is usable.
 */
export function parseKeySet(document: JsonObject, issuer: string): KeySet {
  const listed = own(document, "keys");
  if (!Array.isArray(listed)) throw unfit('expected a list in "keys"');
  if (listed.length > MAX_KEYS) throw unfit(`expected at most ${MAX_KEYS} keys, got ${listed.length}`);
  const keys = listed.map((jwk) => toVerificationKey(jwk, issuer)).filter((key) => key !== undefined);
  if (keys.length === 0) throw unfit(`none of ${listed.length} keys can verify signatures`);
  return { keys, unusable: listed.length - keys.length };
}

/** The keys that may have made a token's signature, at most 8. */
export function chooseKeys(set: KeySet, { alg, kid }: KeyRequest): readonly VerificationKey[] {
  const { kty, crv } = ALGORITHMS[alg];
  return set.keys
    .filter(
      (key) =>
        (kid === undefined || key.kid === kid) &&
        key.kty === kty &&
        key.crv === crv &&
        (key.alg === undefined || key.alg === alg),
    )
    .slice(0, MAX_TRIED);
}

const MAX_KEYS = 200;
const MAX_TRIED = 8;
const MIN_RSA_BITS = 2048;
/** OpenSSL verifies no larger ones, and each bit costs time. */
const MAX_RSA_BITS = 16_384;

/** The members that make a public key. Source: RFC 7518, section 6; RFC 8037, section 2. */
const PUBLIC_MEMBERS = {
  RSA: ["n", "e"],
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
} as const;
const CURVES: ReadonlySet<unknown> = new Set(Object.values(ALGORITHMS).map(({ crv }) => crv));

function toVerificationKey(jwk: unknown, issuer: string): VerificationKey | undefined {
  if (!isJsonObject(jwk) || !isForSignatures(jwk)) return undefined;
  const kty = own(jwk, "kty");
  if (kty !== "RSA" && kty !== "EC" && kty !== "OKP") return undefined;
  const members = PUBLIC_MEMBERS[kty].map((name) => [name, own(jwk, name)] as const);
  if (!members.every(([, value]) => typeof value === "string")) return undefined;
  const crv = kty === "RSA" ? undefined : textOf(own(jwk, "crv"));
  const key = CURVES.has(crv) ? importKey({ kty, ...Object.fromEntries(members) }) : undefined;
  if (key === undefined) return undefined;
  const kid = textOf(own(jwk, "kid"));
  const alg = textOf(own(jwk, "alg"));
  const identity = JSON.stringify([issuer, kid, alg, kty, members]);
  return { id: createHash("sha256").update(identity).digest("base64url"), kid, alg, kty, crv, key };
}

/** A published private key (`d`) verifies nothing: anybody may have signed with it. */
function isForSignatures(jwk: JsonObject): boolean {
  const use = own(jwk, "use");
  const operations = own(jwk, "key_ops");
  const isTyped = ["kid", "alg"].every((name) => !Object.hasOwn(jwk, name) || typeof jwk[name] === "string");
  return (
    isTyped &&
    !Object.hasOwn(jwk, "d") &&
    (use === undefined || use === "sig") &&
    (operations === undefined || (Array.isArray(operations) && operations.includes("verify")))
  );
}

function importKey(jwk: { readonly kty: string }): KeyObject | undefined {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { ...jwk }, format: "jwk" });
  } catch {
    // A point off its curve, a foreign curve, an empty modulus: such a key is left out and counted as unusable.
    return undefined;
  }
  if (jwk.kty !== "RSA") return key;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  // With the exponent 1 a signature is its own message.
  const isStrong = publicExponent >= 3n && publicExponent % 2n === 1n && modulusLength >= MIN_RSA_BITS;
  return isStrong && modulusLength <= MAX_RSA_BITS ? key : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function unfit(message: string): ServingError {
  return new ServingError("UNAVAILABLE", `key set: ${message}`);
}
