/** A JSON object whose members are own properties. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Levels of lists and objects that a token or key set may hold. */
const MAX_DEPTH = 64;

/**
 * Reads bytes as one JSON object in UTF-8 without a byte order mark and freezes all of it; undefined for anything else and for more than 64 levels.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(STRICT_UTF8.decode(bytes));
  } catch {
    // Which byte was wrong is of no use to anyone: the sender is told no more than that the token is not valid.
    return undefined;
  }
  return isJsonObject(value) && freeze(value, MAX_DEPTH) ? value : undefined;
}

/** Neither a list nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function freeze(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  return Object.values(Object.freeze(value)).every((member) => freeze(member, levels - 1));
}
