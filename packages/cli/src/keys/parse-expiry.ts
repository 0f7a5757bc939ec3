import { wrongUsage } from "../command-error.ts";

const UNIT_MS = { d: 86_400_000, h: 3_600_000 } as const;

/** Epoch milliseconds of `90d` or `12h` from now, of a date (its first moment in UTC), or of a time with its zone. Throws CommandError for anything else. */
export function parseExpiry(text: string, nowMs: number): number {
  const [, count, unit] = /^(\d{1,6})(d|h)$/.exec(text) ?? [];
  if (count !== undefined) return nowMs + Number(count) * UNIT_MS[unit === "d" ? "d" : "h"];
  const [, year = "", month = "", day = ""] =
    /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  const ms = Date.parse(text);
  // Date.parse takes 30 February for 2 March.
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  if (day === "" || Number.isNaN(ms) || !isDay)
    throw wrongUsage(`--expires: expected 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z, got ${JSON.stringify(text)}`);
  return ms;
}
