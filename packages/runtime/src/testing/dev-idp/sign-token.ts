import { SignJWT } from "jose";
import type { DevKey } from "./dev-key.ts";

/** Signs claims, whatever they are, as an access token (RFC 9068). */
export async function signDevToken(key: DevKey, claims: Readonly<Record<string, unknown>>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: key.kid }).sign(key.privateKey);
}
