import picocolors from "picocolors";

type Paint = ReturnType<typeof picocolors.createColors>;

/** Colours for one stream: on a terminal, unless NO_COLOR is set (no-color.org). */
export function createPaint(stream: { readonly isTTY?: boolean }): Paint {
  const isRefused = (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return picocolors.createColors(stream.isTTY === true && !isRefused);
}

/** Writes lines to standard output. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

/** Writes a result to standard output: as JSON for scripts, else as `human` words it. */
export function report<T>(
  result: T,
  { json, human }: { readonly json: boolean; readonly human: (result: T, paint: Paint) => readonly string[] },
): void {
  if (json) print(JSON.stringify(result, undefined, 2));
  else print(...human(result, createPaint(process.stdout)));
}

/** Lines in columns, as wide as their longest cell. */
export function columns(rows: readonly (readonly string[])[], indent = ""): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) => `${indent}${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
}

/** Text of a file or an author with its control characters made visible: they must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

/** A size as people say it: `480 kB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** One word of a POSIX shell's command line. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
