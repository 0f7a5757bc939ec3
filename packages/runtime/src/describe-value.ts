/** Longest part of a caller's text that an error repeats, in characters. */
const MAX_SHOWN = 40;

/** Names a value in an error message: short, on one line, never more than a few words of it. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === null || value === undefined || typeof value === "boolean") return String(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint") return shorten(String(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? nameObject(value) : `a ${typeof value}`;
}

/** An object of a class of the language, such as Date, by its name: authors' results hold them. */
function nameObject(value: object): string {
  const name = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return name === "Object" ? "an object" : `a ${name}`;
}

/** Puts a text into quotes, cut to 40 characters; control characters are escaped. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
