import { describe, expect, it } from "vitest";
import { parseExpiry } from "./parse-expiry.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("parseExpiry", () => {
  it.each([
    ["90d", NOW + 90 * 24 * 60 * 60 * 1000],
    ["12h", NOW + 12 * 60 * 60 * 1000],
    ["2027-01-31", Date.UTC(2027, 0, 31)],
    ["2028-02-29T12:00:00Z", Date.UTC(2028, 1, 29, 12)],
    ["2027-01-31T00:30:00+01:00", Date.UTC(2027, 0, 30, 23, 30)],
  ])("takes %j", (text, expected) => {
    expect(parseExpiry(text, NOW)).toBe(expected);
  });

  it.each([
    "",
    "90",
    "d",
    "-1d",
    "1.5d",
    "90 d",
    "2027",
    "2027-02-29",
    "2027-13-01",
    "2027-01-31T12:00:00",
    "tomorrow",
  ])("refuses %j", (text) => {
    expect(() => parseExpiry(text, NOW)).toThrow(
      `--expires: expected 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z, got ${JSON.stringify(text)}`,
    );
  });
});
