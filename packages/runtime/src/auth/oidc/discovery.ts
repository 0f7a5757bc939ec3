import { ServingError } from "../../errors.ts";
import type { AskIssuer } from "./ask-issuer.ts";
import { own } from "./header.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";
import { parseSecureUrl } from "./secure-url.ts";

/**
 * An issuer's discovery document.
 *
 * Rejects for a document of another issuer, for what is no JSON object and for all that `ask` rejects. Source: OpenID Connect Discovery 1.0, section 4.3.
 */
export async function discover(issuer: string, url: URL, ask: AskIssuer): Promise<JsonObject> {
  const document = parseJsonObject((await ask(url)).bytes);
  if (document === undefined) throw unfit(`${url.href}: expected a JSON object in UTF-8`);
  if (own(document, "issuer") !== issuer) throw unfit(`${url.href}: "issuer" is not the configured one, byte for byte`);
  return document;
}

/** An address that a discovery document names. Throws UNAVAILABLE when it is not there, or is none that `parseSecureUrl` takes. */
export function addressIn(document: JsonObject, name: "jwks_uri" | "authorization_endpoint" | "token_endpoint"): URL {
  const text = own(document, name);
  if (typeof text !== "string") throw unfit(`discovery: expected text in "${name}"`);
  try {
    return parseSecureUrl(text);
  } catch (cause) {
    throw unfit(`discovery: ${name} is not taken`, cause);
  }
}

function unfit(message: string, cause?: unknown): ServingError {
  return new ServingError("UNAVAILABLE", message, { cause });
}
