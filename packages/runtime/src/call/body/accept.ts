import { readHeaderParameters, TOKEN_PATTERN } from "./header-parameters.ts";

/** One entry of an `Accept` header: a type, all subtypes of one, or everything, in lower case; and how much it is wanted, 0 to 1. */
export interface AcceptRange {
  readonly range: string;
  readonly quality: number;
}

const ANYTHING: readonly AcceptRange[] = Object.freeze([{ range: "*/*", quality: 1 }]);
const RANGE = new RegExp(`[ \\t]*(${TOKEN_PATTERN}/${TOKEN_PATTERN})`, "y");
const ENTRY_END = /[ \t]*(?:,|$)/y;
const QUALITY = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * Reads an `Accept` header; entries that are not readable are left out, and a header without a readable one accepts everything, as a missing one does.
 *
 * Parameters other than `q` are not kept: `application/json; charset=utf-8` means JSON. Source: RFC 9110, section 12.5.1.
 */
export function parseAccept(header: string | undefined): readonly AcceptRange[] {
  if (header === undefined || header === "*/*") return ANYTHING;
  const ranges: AcceptRange[] = [];
  for (let at = 0; at < header.length;) {
    const entry = readRange(header, at);
    if (entry?.accepted !== undefined) ranges.push(entry.accepted);
    const comma = header.indexOf(",", entry?.end ?? at);
    if (comma === -1) break;
    at = comma + 1;
  }
  return ranges.length === 0 ? ANYTHING : ranges;
}

/** Chooses the media type of a reply: of those that can be produced the most wanted, of equals the first; undefined when none is acceptable. */
export function negotiate(ranges: readonly AcceptRange[], produces: readonly string[]): string | undefined {
  if (ranges === ANYTHING) return produces[0];
  let best: { readonly type: string; readonly quality: number } | undefined;
  for (const type of produces) {
    const quality = qualityOf(type.toLowerCase(), ranges);
    if (quality > (best?.quality ?? 0)) best = { type, quality };
  }
  return best?.type;
}

function readRange(
  header: string,
  start: number,
): { readonly accepted: AcceptRange | undefined; readonly end: number } | undefined {
  RANGE.lastIndex = start;
  const range = RANGE.exec(header)?.[1]?.toLowerCase();
  if (range === undefined) return undefined;
  const rest = readHeaderParameters(header, RANGE.lastIndex);
  if (rest === undefined) return undefined;
  ENTRY_END.lastIndex = rest.end;
  const clean = ENTRY_END.test(header);
  const quality = rest.parameters.get("q") ?? "1";
  const readable = clean && QUALITY.test(quality) && (!range.startsWith("*/") || range === "*/*");
  return { accepted: readable ? { range, quality: Number(quality) } : undefined, end: rest.end };
}

/** The quality of the most specific range that fits, 0 when none does: the type itself goes over all of its family, that over everything. */
function qualityOf(type: string, ranges: readonly AcceptRange[]): number {
  const patterns = [type, `${type.slice(0, type.indexOf("/"))}/*`, "*/*"];
  for (const pattern of patterns) {
    const fitting = ranges.filter(({ range }) => range === pattern);
    if (fitting.length > 0) return Math.max(...fitting.map(({ quality }) => quality));
  }
  return 0;
}
