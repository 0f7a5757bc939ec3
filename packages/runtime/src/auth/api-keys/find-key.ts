import { authorizationField } from "../authorization-field.ts";
import { API_KEY_CHALLENGE, refusedCredential } from "../credential-refusal.ts";
import type { Caller } from "../types.ts";
import { keyId } from "./key-text.ts";

/** Where keys may stand. */
export interface KeyPlaces {
  /** Name of the header, lower case. */
  readonly header: string;
  /** Whether `Authorization: Bearer` may hold a key too. */
  readonly asBearer: boolean;
}

/**
 * The API key of a call: in the header of its own, or behind `Authorization: ApiKey`; a bearer token is one with `asBearer` and in a key's form alone. Query,
 * cookies and bodies are never looked at.
 *
 * Throws UNAUTHENTICATED for a key beside another credential and for what stands in a key's place without being one. Source: security.md A1.4, A5.
 */
export function findKey(caller: Pick<Caller, "valuesOf">, { header, asBearer }: KeyPlaces): string | undefined {
  const field = authorizationField(caller);
  if (field === "several") throw refused("ambiguous_credentials", "expected one authorization field");
  const found = [...caller.valuesOf(header)];
  // Whatever the field holds is a credential too, also of a scheme that nobody takes here.
  if (found.length > 0 && caller.valuesOf("authorization").length > 0)
    throw refused("ambiguous_credentials", "expected either an API key in its header or an authorization field");
  if (field?.scheme === "apikey") found.push(field.credentials);
  if (asBearer && field?.scheme === "bearer" && isKey(field.credentials)) found.push(field.credentials);
  if (found.length > 1) throw refused("ambiguous_credentials", "expected one API key");
  const [key] = found;
  if (key !== undefined && !isKey(key))
    throw refused("invalid_credentials", "expected a text in the form of an API key");
  return key;
}

/** Whether a text has the form of an API key, which no token has. */
export function isKey(text: string): boolean {
  return keyId(text) !== undefined;
}

function refused(fault: "ambiguous_credentials" | "invalid_credentials", detail: string): Error {
  return refusedCredential(fault, API_KEY_CHALLENGE, detail);
}
