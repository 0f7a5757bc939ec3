import { hash } from "node:crypto";
import { addressKey } from "../call/address-key.ts";
import { callerKey } from "../call/caller-key.ts";
import type { Principal } from "../call/types.ts";
import { ServingError } from "../errors.ts";
import type { Loans, Shortage } from "./loans.ts";

/** At most `rate` calls or rows in each window on the whole server, `burst` at once. */
export interface RateLimit {
  readonly rate: number;
  readonly windowMs: number;
  readonly burst: number;
  readonly per: "principal" | "ip" | "function" | "apiKey";
  /** APIs that it counts; null for all. */
  readonly functions: readonly string[] | null;
  readonly cost: "calls" | "rows";
}

/** Who calls, as limits count them. */
export interface RatedCaller {
  readonly principal: Principal;
  readonly clientIp: string;
}

/**
 * Charges calls against the limits of the server, one after the other: all must allow. A call that one refuses stays charged to those before it.
 *
 * All throw RESOURCE_EXHAUSTED with the time to wait, UNAVAILABLE when the count of the whole server can't be asked. They give a promise only where it has to be.
 */
export interface RateLimits {
  /** The limits that hold for every API. */
  ofCaller(caller: RatedCaller): void | Promise<void>;
  /** Those that depend on what is called. */
  ofApi(caller: RatedCaller, api: string): void | Promise<void>;
  /** The rows of a call beside its first, which was charged with it. Throws PAYLOAD_TOO_LARGE too, for more rows than a limit ever lets in at once. */
  ofRows(caller: RatedCaller, api: string, rows: number): void | Promise<void>;
}

export interface RateLimitsOptions {
  readonly limits: readonly RateLimit[];
  readonly loans: Pick<Loans, "take">;
  /** Told the name of a limit each time that it refuses. */
  readonly onLimited: (name: string) => void;
}

/** A limit with its place, by which buckets know it, and its name, by which callers and metrics do. */
interface Numbered extends RateLimit {
  readonly index: number;
  readonly name: string;
}

/** Makes the limits of a server; undefined where there are none. Source: security.md A9. */
export function createRateLimits({ limits, loans, onLimited }: RateLimitsOptions): RateLimits | undefined {
  if (limits.length === 0) return undefined;
  const numbered = limits.map((limit, index) => ({ ...limit, index, name: limitName(limit, index) }));
  const general = numbered.filter((limit) => !isOfApi(limit));
  const ofApis = numbered.filter(isOfApi);
  const ofRows = numbered.filter(({ cost }) => cost === "rows");

  async function chargeLater(
    first: Promise<Shortage | undefined>,
    limit: Numbered,
    rest: () => void | Promise<void>,
  ): Promise<void> {
    refuse(await first, limit);
    await rest();
  }
  function refuse(shortage: Shortage | undefined, limit: Numbered): void {
    if (shortage === undefined) return;
    onLimited(limit.name);
    throw rateLimited(limit, shortage);
  }
  function charge(
    list: readonly Numbered[],
    caller: RatedCaller,
    api: string,
    need: number,
    from = 0,
  ): void | Promise<void> {
    for (let at = from; at < list.length; at += 1) {
      const limit = list[at];
      const key = limit === undefined ? undefined : keyOf(limit, caller, api);
      if (limit === undefined || key === undefined) continue;
      const taken = loans.take(limit.index, key, need);
      if (taken instanceof Promise) return chargeLater(taken, limit, () => charge(list, caller, api, need, at + 1));
      refuse(taken, limit);
    }
  }

  return {
    ofCaller: (caller) => charge(general, caller, "", 1),
    ofApi: (caller, api) => charge(ofApis, caller, api, 1),
    ofRows(caller, api, rows) {
      if (ofRows.length === 0 || rows <= 1) return undefined;
      for (const limit of ofRows)
        if (rows > limit.burst && keyOf(limit, caller, api) !== undefined) throw tooManyRows(limit, rows);
      return charge(ofRows, caller, api, rows - 1);
    },
  };
}

/** Names a limit in answers and metrics: how it counts and its place in the list, from 1. */
function limitName({ per }: RateLimit, index: number): string {
  return `${per}-${index + 1}`;
}

function isOfApi({ per, functions }: RateLimit): boolean {
  return per === "function" || functions !== null;
}

/** What a call is counted under; undefined where the limit does not count it. */
function keyOf({ per, functions }: RateLimit, { principal, clientIp }: RatedCaller, api: string): string | undefined {
  if (functions !== null && !functions.includes(api)) return undefined;
  switch (per) {
    case "function":
      return api;
    case "ip":
      return addressKey(clientIp);
    case "apiKey":
      return principal.method === "apikey" ? short(principal.credentialId ?? principal.name) : undefined;
    case "principal":
      return short(callerKey(principal, clientIp));
  }
}

/** Keys are kept by the hundred thousand: long ones by their digest. */
function short(text: string): string {
  return text.length <= 64 ? text : hash("sha256", text, "base64");
}

function rateLimited(limit: Numbered, { waitMs, remaining }: Shortage): ServingError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const windowSeconds = Math.ceil(limit.windowMs / 1000);
  return new ServingError("RESOURCE_EXHAUSTED", `more ${limit.cost} than are allowed: try again in ${seconds} s`, {
    reason: "rate_limited",
    retryAfterSeconds: seconds,
    // Source: draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4.
    headers: {
      "ratelimit-policy": `"${limit.name}";q=${limit.rate};w=${windowSeconds}`,
      ratelimit: `"${limit.name}";r=${remaining};t=${seconds}`,
    },
  });
}

function tooManyRows({ burst, index }: Numbered, rows: number): ServingError {
  const text = `a call may bring ${burst} rows at most, the burst of security.rateLimits[${index}], got ${rows}`;
  return new ServingError("PAYLOAD_TOO_LARGE", text, { reason: "rate_limited" });
}
