/** One JSON log line as a person reads it: `12:30:05.123 INFO message key=value`, with causes of an error below it. */
export function prettyLine(json: string, options: { readonly isColored: boolean }): string {
  const { level, time, pid: _pid, message, err, ...facts } = parseLine(json);
  const paint = options.isColored ? paintWith : (text: string): string => text;
  const name = String(level).toUpperCase();
  const head = [paint(clockTime(time), "grey"), paint(name.padEnd(5), COLORS[name] ?? "plain"), text(message)];
  const tail = Object.entries(facts).map(([key, value]) => paint(`${key}=${text(value)}`, "grey"));
  return `${[...head, ...tail].join(" ")}\n${errorLines(err)}`;
}

const CODES = { grey: 90, red: 31, yellow: 33, green: 32, blue: 34, plain: 0 } as const;
type Color = keyof typeof CODES;
const COLORS: Readonly<Partial<Record<string, Color>>> = { ERROR: "red", WARN: "yellow", INFO: "green", DEBUG: "blue" };

function paintWith(text: string, color: Color): string {
  return `\u001b[${CODES[color]}m${text}\u001b[0m`;
}

function parseLine(json: string): Readonly<Record<string, unknown>> {
  return JSON.parse(json) as Record<string, unknown>;
}

function clockTime(time: unknown): string {
  const date = new Date(String(time));
  const two = (number: number): string => String(number).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

function text(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? toPrintable(value) : toPrintable(JSON.stringify(value));
}

/** Escape sequences of a caller's text must not reach the terminal. */
function toPrintable(value: string): string {
  // oxlint-disable-next-line no-control-regex
  return value.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

function errorLines(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { stack, message, cause } = error as Readonly<Partial<Record<string, unknown>>>;
  const lines = String(stack ?? message).split("\n");
  const shown = lines.map((line) => `  ${toPrintable(line)}\n`).join("");
  return cause === undefined ? shown : `${shown}  caused by:\n${errorLines(cause)}`;
}
