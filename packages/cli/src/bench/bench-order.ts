import { isLoopback, parseDuration } from "@bento-ts/runtime/config";
import { wrongUsage } from "../command-error.ts";

/** How calls are sent. */
export const PROTOCOLS = ["rest", "v2", "v2-grpc"] as const;
export type BenchProtocol = (typeof PROTOCOLS)[number];

export interface LoadFlags {
  readonly requests?: string;
  readonly duration?: string;
  readonly concurrency: string;
  readonly rate?: string;
  readonly timeout: string;
  readonly unbounded?: boolean;
}

/** A load with everything decided. */
export interface LoadOrder {
  readonly requests: number;
  readonly durationMs: number;
  readonly concurrency: number;
  readonly rate: number | undefined;
  readonly timeoutMs: number;
}

const DEFAULT_DURATION_MS = 10_000;

/** More is seldom meant, and hard on whoever is called. */
const BOUNDS = { requests: 1_000_000, durationMs: 600_000, concurrency: 256, rate: 50_000 } as const;

/** Reads how much is to be sent. Throws CommandError for what is no number or duration, and for more than the bounds unless they are lifted. */
export function parseLoad({ requests, duration, concurrency, rate, timeout, unbounded = false }: LoadFlags): LoadOrder {
  const isTimed = duration !== undefined || requests === undefined;
  const order = {
    requests: requests === undefined ? Infinity : count("--requests", requests),
    durationMs:
      duration === undefined ? (isTimed ? DEFAULT_DURATION_MS : BOUNDS.durationMs) : time("--duration", duration),
    concurrency: count("--concurrency", concurrency),
    rate: rate === undefined ? undefined : count("--rate", rate),
    timeoutMs: time("--timeout", timeout),
  };
  const given = { ...order, requests: requests === undefined ? 0 : order.requests, rate: order.rate ?? 0 };
  const beyond = (
    [
      ["--requests", given.requests, BOUNDS.requests, "1000000"],
      ["--duration", given.durationMs, BOUNDS.durationMs, "10m"],
      ["--concurrency", given.concurrency, BOUNDS.concurrency, "256"],
      ["--rate", given.rate, BOUNDS.rate, "50000"],
    ] as const
  ).filter(([, value, most]) => value > most);
  if (beyond.length === 0 || unbounded) return order;
  const [flag, , , most] = beyond[0] ?? [];
  throw wrongUsage(`${flag}: at most ${most}, more needs --unbounded as well`);
}

function count(flag: string, text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw wrongUsage(`${flag}: expected a whole number, at least 1, got ${JSON.stringify(text)}`);
}

function time(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw wrongUsage(`${flag}: expected a duration such as 10s, got ${JSON.stringify(text)}`);
}

/**
 * The base URL of a server to call.
 *
 * Throws CommandError for what is no bare http(s) URL, and for a server on another machine unless that is said to be meant: load on strangers is abuse.
 */
export function parseBenchUrl(flag: string, text: string, { allowRemote }: { readonly allowRemote: boolean }): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username + url.password + url.search + url.hash !== ""
  )
    throw wrongUsage(`${flag}: expected http(s)://host[:port][/prefix], got ${JSON.stringify(text)}`);
  if (allowRemote || isLoopback(url.hostname.replace(/^\[|\]$/g, ""))) return url;
  throw wrongUsage(
    `${flag}: ${url.host} is not this machine; a load on a server that is not yours is abuse: if it is, add --allow-remote`,
  );
}

/** Headers from `name: value`. Throws CommandError for another form. */
export function parseHeaders(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *(.+)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw wrongUsage(`--header: expected "name: value", got ${JSON.stringify(text)}`);
      return [name.toLowerCase(), value];
    }),
  );
}
