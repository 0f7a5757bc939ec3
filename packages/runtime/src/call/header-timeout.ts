import type { IncomingHttpHeaders } from "node:http";
import { ServingError } from "../errors.ts";

/** Milliseconds that a caller over HTTP gives in `X-Request-Timeout-Ms`, undefined without it. Throws INVALID_ARGUMENT for anything but whole milliseconds ≥ 1. */
export function headerTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const given = headers["x-request-timeout-ms"];
  if (given === undefined) return undefined;
  const timeoutMs = Number(given);
  if (typeof given !== "string" || !/^\d{1,9}$/.test(given) || timeoutMs === 0) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `X-Request-Timeout-Ms: expected whole milliseconds from 1 to 999999999, got ${JSON.stringify(given)}`,
    );
  }
  return timeoutMs;
}
