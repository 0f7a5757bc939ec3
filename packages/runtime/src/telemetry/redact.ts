/** Names whose values are secrets wherever they stand, in lower case without separators. */
const SECRET_NAMES =
  /^(proxy)?authorization$|^(set)?cookie$|apikey|password|passwd|passphrase|secret|token|credential|^signature$|privatekey|clientassertion/;
/** Credentials inside a text: a scheme and what follows it, and anything of the form of a JSON Web Token. */
const SECRET_TEXT = /\b(Bearer|Basic|ApiKey|DPoP)\s+[\w.~+/=-]{6,}|\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/gi;
const REDACTED = "[redacted]";
const MAX_DEPTH = 6;
const MAX_ENTRIES = 40;
const MAX_TEXT_CHARS = 2000;
const MAX_STACK_LINES = 12;
const MAX_CAUSES = 5;

type Plain = Record<string, unknown>;

/**
 * Facts as a log may hold them: JSON-safe, without secrets, at most 40 entries a level, 6 levels, 2000 characters a text.
 *
 * Bytes and typed arrays become their size: a log never holds a payload. Never throws.
 */
export function redactFields(facts: object): Plain {
  try {
    return redactEntries(facts, 0);
  } catch {
    // A getter or proxy of someone else's object threw; a log line is no reason to fail.
    return { unreadable: true };
  }
}

/** A text without credentials, cut to 2000 characters. */
export function redactText(text: string): string {
  const cut = text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}… (${text.length} characters)` : text;
  return cut.replaceAll(SECRET_TEXT, (match, scheme: string | undefined) =>
    scheme === undefined ? REDACTED : `${scheme} ${REDACTED}`,
  );
}

function redactEntries(object: object, depth: number): Plain {
  const entries = Object.entries(object);
  const shown = entries.slice(0, MAX_ENTRIES).map(([name, value]): [string, unknown] => {
    return [name, isSecretName(name) ? REDACTED : redactValue(value, depth + 1)];
  });
  if (entries.length > MAX_ENTRIES) shown.push(["…", `${entries.length - MAX_ENTRIES} more`]);
  return Object.fromEntries(shown);
}

function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name.toLowerCase().replaceAll(/[^a-z]/g, ""));
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return redactError(value, depth, 0);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name} of ${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[ArrayBuffer of ${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? `[${value.length} items]` : "[object]";
  if (Array.isArray(value)) return redactArray(value, depth);
  if (value instanceof Map) return redactEntries(Object.fromEntries([...value].slice(0, MAX_ENTRIES)), depth);
  if (value instanceof Set) return redactArray([...value], depth);
  return redactEntries(value, depth);
}

function redactArray(items: readonly unknown[], depth: number): readonly unknown[] {
  const shown = items.slice(0, MAX_ENTRIES).map((item) => redactValue(item, depth + 1));
  return items.length > MAX_ENTRIES ? [...shown, `… ${items.length - MAX_ENTRIES} more`] : shown;
}

function redactError(error: Error, depth: number, causes: number): Plain {
  // Fields of the error's own class, such as a code; the usual ones are not enumerable or are written below.
  const own = Object.entries(error).filter(([name]) => !["name", "message", "stack", "cause"].includes(name));
  return {
    name: error.name,
    message: redactText(error.message),
    ...(depth < MAX_DEPTH ? redactEntries(Object.fromEntries(own), depth) : {}),
    ...(error.stack === undefined ? {} : { stack: redactText(firstLines(error.stack)) }),
    ...redactCause(error.cause, depth, causes),
  };
}

function firstLines(stack: string): string {
  return stack.split("\n", MAX_STACK_LINES).join("\n");
}

function redactCause(cause: unknown, depth: number, causes: number): Plain {
  if (cause === undefined) return {};
  if (causes + 1 >= MAX_CAUSES) return { cause: "… more causes" };
  return { cause: cause instanceof Error ? redactError(cause, depth, causes + 1) : redactValue(cause, depth + 1) };
}
