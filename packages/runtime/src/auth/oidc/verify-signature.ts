import { compactVerify, errors } from "jose";
import { refusedToken } from "../bearer-refusal.ts";
import type { KeyRequest } from "./header.ts";
import { chooseKeys, type KeySet, type VerificationKey } from "./key-set.ts";
import type { KeySource } from "./key-source.ts";

/**
 * The key that made a token's signature; looks for newer keys when none that is known may have.
 *
 * Throws UNAUTHENTICATED when there is no such key, UNAVAILABLE while the issuer's keys can't be had: then nobody knows.
 */
export async function verifySignature(
  token: string,
  request: KeyRequest,
  source: Pick<KeySource, "whenLoaded" | "lookAgain" | "current" | "isFailing">,
): Promise<VerificationKey> {
  const known = await source.whenLoaded();
  const found = await firstThatVerifies(token, request, known);
  if (found !== undefined) return found;
  if (!mayBeNew(request, known)) throw refusedToken("bad_signature", "no fitting key of its kid verifies the token");
  const hasLooked = await source.lookAgain();
  const newer = source.current();
  const late = hasLooked && newer !== known ? await firstThatVerifies(token, request, newer) : undefined;
  if (late !== undefined) return late;
  if (!mayBeNew(request, newer)) throw refusedToken("bad_signature", "no fitting key of its kid verifies the token");
  // A key that the issuer made while it can't be reached: a caller that is told 401 would drop a good token.
  if (source.isFailing) throw refusedToken("keys_unavailable", "the key is not known and the issuer can't be asked");
  throw refusedToken("unknown_key", "no key of the issuer verifies the token");
}

/** A token that names no key may be of any, and one that names an unknown key of a new one; the others are no reason to ask the issuer. */
function mayBeNew({ kid }: KeyRequest, set: KeySet): boolean {
  return kid === undefined || !set.keys.some((key) => key.kid === kid);
}

async function firstThatVerifies(
  token: string,
  request: KeyRequest,
  set: KeySet,
): Promise<VerificationKey | undefined> {
  for (const candidate of chooseKeys(set, request)) if (await verifies(token, request, candidate)) return candidate;
  return undefined;
}

/** Whether a key made the signature of a token in compact form; rejects for nothing that a token can hold. */
export async function verifies(
  token: string,
  { alg }: Pick<KeyRequest, "alg">,
  { key }: VerificationKey,
): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false;
    throw error;
  }
}
