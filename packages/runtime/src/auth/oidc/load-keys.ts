import { readFile, stat } from "node:fs/promises";
import { ServingError } from "../../errors.ts";
import { askIssuer } from "./ask-issuer.ts";
import { addressIn, discover } from "./discovery.ts";
import { type FetchDocument, MAX_DOCUMENT_BYTES } from "./fetch-document.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";
import { parseSecureUrl } from "./secure-url.ts";
import type { ResolvedIssuer } from "./types.ts";

/** A key set document as it was found, and how long it may be used before it is looked for again. */
export interface LoadedKeys {
  readonly document: JsonObject;
  readonly maxAgeMs: number;
}

/** One look for keys. */
export interface Look {
  readonly signal: AbortSignal;
  /** Whether a token is of a key that is not known yet. */
  readonly isUrgent: boolean;
}

/** How often a file is looked at: a change is in force within 10 s. */
const FILE_AGE_MS = 10_000;

/**
 * Loads an issuer's key set from its file, its address, or the address that its discovery document names.
 *
 * Rejects for a document of another issuer, for what is no JSON object and for all that `fetchDocument` rejects. Source: OpenID Connect Discovery 1.0, section 4.3.
 */
export async function loadKeys(keys: ResolvedIssuer["keys"], fetch: FetchDocument, look: Look): Promise<LoadedKeys> {
  const { location } = keys;
  if (location.kind === "file") {
    const bytes = await readSmallFile(location.path, look.signal);
    return { document: toObject(bytes, location.path), maxAgeMs: FILE_AGE_MS };
  }
  const home = parseSecureUrl(location.url);
  const ask = await askIssuer(keys, { home, fetch, look });
  const url = location.kind === "url" ? home : addressIn(await discover(location.issuer, home, ask), "jwks_uri");
  const { bytes, cacheControl } = await ask(url);
  return { document: toObject(bytes, url.href), maxAgeMs: maxAgeOf(cacheControl) };
}

/** `max-age` within 1 minute and 24 hours, 10 minutes when there is none. Source: RFC 9111, section 5.2.2.1. */
export function maxAgeOf(cacheControl: string | undefined): number {
  const [, seconds] = /(?:^|[\s,])max-age="?(\d{1,10})"?(?=$|[\s,])/i.exec(cacheControl ?? "") ?? [];
  if (seconds === undefined) return DEFAULT_AGE_MS;
  return Math.min(MAX_AGE_MS, Math.max(MIN_AGE_MS, Number(seconds) * 1000));
}

const MIN_AGE_MS = 60_000;
const DEFAULT_AGE_MS = 600_000;
const MAX_AGE_MS = 86_400_000;

async function readSmallFile(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const found = await stat(path);
  if (!found.isFile() || found.size > MAX_DOCUMENT_BYTES)
    throw unfit(`${path}: expected a file of at most ${MAX_DOCUMENT_BYTES} bytes`);
  return readFile(path, { signal });
}

function toObject(bytes: Uint8Array, place: string): JsonObject {
  const document = parseJsonObject(bytes);
  if (document === undefined) throw unfit(`${place}: expected a JSON object in UTF-8`);
  return document;
}

function unfit(message: string): ServingError {
  return new ServingError("UNAVAILABLE", message);
}
