/** Names whose values are secrets wherever they stand, in lower case without separators. */
const SECRET_NAMES =
  /^(proxy)?authorization$|^(set)?cookie$|apikey|password|passwd|passphrase|secret|token|credential|^signature$|privatekey|clientassertion/;
/** The same names inside of a text. */
const NAME = String.raw`[\w-]*(?:authorization|cookie|api[-_]?key|passw(?:or)?d|passphrase|secret|token|credential|signature|private[-_]?key|assertion)[\w-]*`;
/** Credentials inside a text, with what may be shown of them. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  // A line of headers, as HTTP clients keep the request that failed.
  [new RegExp(String.raw`^(${NAME}):[^\r\n]+`, "gim"), "$1: [redacted]"],
  // A member of an object in JSON, escaped or not.
  [new RegExp(String.raw`(\\?["'])(${NAME})\1(\s*:\s*)(\\?["']).*?\4`, "gi"), "$1$2$1$3$4[redacted]$4"],
  // A parameter of a query, a form, a cookie or a connection string.
  [new RegExp(String.raw`\b(${NAME})=[^\s&;"']+`, "gi"), "$1=[redacted]"],
  // User and password of an address.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"']*@/gi, "$1[redacted]@"],
  [/\b(Bearer|Basic|ApiKey|DPoP)\s+[\w.~+/=-]{6,}/gi, "$1 [redacted]"],
  // The form of a JSON Web Token, and that of an API key.
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/gi, "[redacted]"],
  [/\b[A-Za-z0-9]+_[A-Za-z0-9]+_[A-Za-z0-9]{32,}\b/g, "[redacted]"],
];
const HEADER_NAME = /^[\w-]{1,64}$/;
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
  return SECRET_TEXTS.reduce((shown, [secret, left]) => shown.replaceAll(secret, left), cut);
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
  // Names and values in turn, as Node keeps the headers of a message.
  const isNamed = (at: number): boolean => {
    const name = items[at - 1];
    return typeof name === "string" && HEADER_NAME.test(name) && isSecretName(name);
  };
  const shown = items.slice(0, MAX_ENTRIES).map((item, at) => (isNamed(at) ? REDACTED : redactValue(item, depth + 1)));
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
