import type { IncomingHttpHeaders } from "node:http";
import type { Finding } from "./check.ts";
import type { RestAnswer } from "./ask-rest.ts";

/** Whether answers have the headers that keep browsers from making more of them, and none that tells what runs. Source: security.md A9. */
export function checkHeaders(answers: Readonly<Record<string, RestAnswer>>, isSecure: boolean): Finding {
  const check = "headers";
  const items = Object.entries(answers).flatMap(([of, { headers }]) =>
    ROWS.filter(({ isGood, onlySecure }) => (isSecure || onlySecure !== true) && !isGood(headers)).map(
      ({ expected }) => `${of}: expected ${expected}`,
    ),
  );
  return items.length === 0
    ? { check, level: "ok", message: "answers have the security headers, and name no software" }
    : { check, level: "warning", message: "some security headers are missing, or name software", items };
}

interface Row {
  readonly expected: string;
  /** A promise that is only kept, or only heard, over TLS (RFC 6797, section 7.2). */
  readonly onlySecure?: true;
  readonly isGood: (headers: IncomingHttpHeaders) => boolean;
}

const YEAR_S = 31_536_000;

const ROWS: readonly Row[] = [
  { expected: "x-content-type-options: nosniff", isGood: (has) => has["x-content-type-options"] === "nosniff" },
  { expected: "cache-control: no-store", isGood: (has) => /\bno-store\b/.test(has["cache-control"] ?? "") },
  { expected: "referrer-policy: no-referrer", isGood: (has) => has["referrer-policy"] === "no-referrer" },
  {
    expected: "content-security-policy with default-src 'none' and frame-ancestors 'none'",
    isGood: ({ "content-security-policy": policy = "" }) =>
      policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'"),
  },
  {
    expected: "strict-transport-security of a year",
    onlySecure: true,
    isGood: (has) => Number(/max-age="?(\d+)/.exec(String(has["strict-transport-security"] ?? ""))?.[1] ?? 0) >= YEAR_S,
  },
  { expected: "no x-powered-by", isGood: (has) => has["x-powered-by"] === undefined },
  { expected: "no version in server", isGood: ({ server }) => !/\d/.test(String(server ?? "")) },
];
