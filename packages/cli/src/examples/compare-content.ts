import type { OutputComparison } from "@bento-ts/runtime/testing";

/** Compares two texts exactly; a difference names the line. */
export function compareTexts(got: string, expected: string): OutputComparison {
  if (got === expected) return SAME;
  const [gotLines, expectedLines] = [got.split("\n"), expected.split("\n")];
  const at = expectedLines.findIndex((line, index) => line !== gotLines[index]);
  const line = at < 0 ? expectedLines.length : at;
  const hint = got.trimEnd() === expected.trimEnd() ? "; only white space at the end differs" : "";
  return different(`line ${line + 1}: expected ${shown(expectedLines[line])}, got ${shown(gotLines[line])}${hint}`);
}

/** Compares bytes exactly; a difference names the first place. */
export function compareBytes(got: Uint8Array, expected: Uint8Array): OutputComparison {
  if (Buffer.compare(got, expected) === 0) return SAME;
  const at = expected.findIndex((byte, index) => byte !== got[index]);
  const place = at < 0 ? expected.length : at;
  return different(`expected ${expected.length} bytes, got ${got.length}; the first difference is at byte ${place}`);
}

const SAME: OutputComparison = { equal: true, problems: [], total: 0, largest: undefined };

function different(message: string): OutputComparison {
  return { equal: false, problems: [{ path: "", message }], total: 1, largest: undefined };
}

const MAX_LINE = 100;

function shown(line: string | undefined): string {
  return line === undefined ? "nothing" : JSON.stringify(line.slice(0, MAX_LINE));
}
