import { describeValue, quote } from "../../describe-value.ts";
import type { Problem } from "../../errors.ts";

/** One API key as it is kept: never its text. */
export interface ApiKeyRecord {
  readonly id: string;
  /** SHA-256 of the key's text in hexadecimal digits. */
  readonly sha256: string;
  readonly owner: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  /** Epoch milliseconds; undefined is at once. */
  readonly notBeforeMs: number | undefined;
  /** Epoch milliseconds; undefined is never. */
  readonly expiresMs: number | undefined;
  /** APIs that it may call; undefined is all. */
  readonly functions: readonly string[] | undefined;
}

/** What a file of keys holds, and what is wrong with it by line: with any fault none of it counts. */
export interface KeyFile {
  readonly keys: ReadonlyMap<string, ApiKeyRecord>;
  readonly problems: readonly Problem[];
}

/** Reads a file of keys: one JSON object a line, `#` lines and blank ones left out, so that a key is revoked by removing its line. */
export function parseKeyFile(text: string): KeyFile {
  const keys = new Map<string, ApiKeyRecord>();
  const problems: Problem[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const path = `line ${index + 1}`;
    const read = readLine(line);
    if (typeof read === "string") problems.push({ path, message: read });
    else if (keys.has(read.id)) problems.push({ path, message: `the id ${quote(read.id)} stands on a line before` });
    else keys.set(read.id, read);
  }
  return { keys, problems };
}

/** The line for a key. */
export function toKeyLine({ notBeforeMs, expiresMs, ...record }: ApiKeyRecord): string {
  const isoOf = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : new Date(ms).toISOString();
  return JSON.stringify({ ...record, notBefore: isoOf(notBeforeMs), expires: isoOf(expiresMs) });
}

const KNOWN = ["id", "sha256", "owner", "groups", "scopes", "notBefore", "expires", "functions"];

/** The record, or what is wrong with the line; the text of a digest or of what stands in its place is never repeated. */
function readLine(line: string): ApiKeyRecord | string {
  const value = parseObject(line);
  if (value === undefined) return "expected a JSON object";
  const stranger = Object.keys(value).find((key) => !KNOWN.includes(key));
  if (stranger !== undefined) return `unknown key ${quote(stranger)}`;
  const { id, sha256, owner, groups = [], scopes = [], functions } = value;
  if (typeof id !== "string" || !/^[A-Za-z0-9-]{1,64}$/.test(id))
    return `id: expected letters, digits and "-", at most 64, got ${describeValue(id)}`;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256))
    return "sha256: expected the 64 hexadecimal digits of the key's digest";
  if (typeof owner !== "string" || owner === "") return `owner: expected a name, got ${describeValue(owner)}`;
  if (!isWords(groups)) return `groups: expected a list of texts, got ${describeValue(groups)}`;
  if (!isWords(scopes)) return `scopes: expected a list of texts, got ${describeValue(scopes)}`;
  if (functions !== undefined && !isWords(functions))
    return `functions: expected a list of APIs, got ${describeValue(functions)}`;
  const notBeforeMs = timeOf(value["notBefore"]);
  if (Number.isNaN(notBeforeMs)) return `notBefore: ${TIME}, got ${describeValue(value["notBefore"])}`;
  const expiresMs = timeOf(value["expires"]);
  if (Number.isNaN(expiresMs)) return `expires: ${TIME}, got ${describeValue(value["expires"])}`;
  return { id, sha256, owner, groups, scopes, functions, notBeforeMs, expiresMs };
}

const TIME = "expected a time such as 2027-01-31T00:00:00Z";

/** Epoch milliseconds of a time with its zone (RFC 3339), NaN for anything else, undefined for none. */
function timeOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const isTime =
    typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value);
  return isTime ? Date.parse(value) : NaN;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    return undefined;
  }
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
}
