import { describe, expect, it } from "vitest";
import type { Principal } from "../call/types.ts";
import { createBucketStore } from "./bucket-store.ts";
import { createLoans } from "./loans.ts";
import { createRateLimits, type RatedCaller, type RateLimit, type RateLimits } from "./rate-limits.ts";

const LIMIT: RateLimit = { rate: 2, windowMs: 60_000, burst: 2, per: "principal", functions: null, cost: "calls" };

function open(...limits: readonly Partial<RateLimit>[]): {
  readonly rates: RateLimits;
  readonly limited: readonly string[];
} {
  const policies = limits.map((limit) => ({ ...LIMIT, ...limit }));
  const store = createBucketStore({ policies, maxKeys: 100, takers: 1 });
  const loans = createLoans({ ask: async (question) => store.answer(question, 0), nowMs: () => 0, maxKeys: 100 });
  const limited: string[] = [];
  const rates = createRateLimits({ limits: policies, loans, onLimited: (name) => limited.push(name) });
  if (rates === undefined) throw new Error("expected limits");
  return { rates, limited };
}

function caller(facts: Partial<Principal> & { readonly ip?: string } = {}): RatedCaller {
  const { ip = "203.0.113.1", ...own } = facts;
  const principal: Principal = {
    name: "ada",
    issuer: "https://idp.example",
    method: "oidc",
    groups: [],
    scopes: [],
    clientId: undefined,
    credentialId: "token-1",
    claims: {},
    expiresAtMs: undefined,
    ...own,
  };
  return { principal, clientIp: ip };
}

/** How many of some calls are let in. */
async function admitted(rates: RateLimits, callers: readonly RatedCaller[], api = "score"): Promise<number> {
  let count = 0;
  for (const one of callers) {
    try {
      await rates.ofCaller(one);
      await rates.ofApi(one, api);
      count += 1;
    } catch {
      // Refused: not counted.
    }
  }
  return count;
}

describe("rate limits", () => {
  it("are none without configuration", () => {
    const loans = { take: () => undefined };
    expect(createRateLimits({ limits: [], loans, onLimited: () => undefined })).toBeUndefined();
  });

  it("count a principal whatever token and address it comes with, and no other with it (46)", async () => {
    const { rates } = open({});
    expect(await admitted(rates, [caller(), caller({ credentialId: "token-2" }), caller({ ip: "198.51.100.7" })])).toBe(
      2,
    );
    expect(await admitted(rates, [caller({ name: "bob" }), caller({ issuer: "https://other.example" })])).toBe(2);
  });

  it("count callers without credentials by address, IPv6 by its network", async () => {
    const { rates } = open({});
    const from = (ip: string): RatedCaller => caller({ method: "anonymous", name: "anonymous", issuer: undefined, ip });
    expect(await admitted(rates, ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"].map(from))).toBe(2);
    expect(
      await admitted(rates, ["2001:db8:0:1::1", "203.0.113.1", "::ffff:203.0.113.1", "203.0.113.1"].map(from)),
    ).toBe(3);
  });

  it("count by address, API or API key where they are told to", async () => {
    const byIp = open({ per: "ip" });
    expect(await admitted(byIp.rates, [caller(), caller({ name: "bob" }), caller({ name: "eve" })])).toBe(2);
    const byApi = open({ per: "function" });
    expect(
      await admitted(byApi.rates, [caller(), caller({ name: "bob", ip: "198.51.100.7" }), caller({ name: "eve" })]),
    ).toBe(2);
    expect(await admitted(byApi.rates, [caller()], "other")).toBe(1);
    const byKey = open({ per: "apiKey" });
    const key = caller({ method: "apikey", credentialId: "k1" });
    expect(await admitted(byKey.rates, [key, key, key])).toBe(2);
    expect(await admitted(byKey.rates, [caller(), caller(), caller()])).toBe(3);
  });

  it("count some APIs only, each limit for itself", async () => {
    const { rates, limited } = open({ functions: ["score"] }, { per: "ip", rate: 3, burst: 3 });
    expect(await admitted(rates, [caller(), caller()], "other")).toBe(2);
    expect(await admitted(rates, [caller(), caller()], "score")).toBe(1);
    expect(limited).toEqual(["ip-2"]);
  });

  it("say when to come back, in both forms", async () => {
    const { rates } = open({});
    await admitted(rates, [caller(), caller()]);
    await expect((async () => rates.ofCaller(caller()))()).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "rate_limited",
      // Two in a minute: the next in thirty seconds.
      message: "more calls than are allowed: try again in 30 s",
      retryAfterSeconds: 30,
      headers: { "ratelimit-policy": '"principal-1";q=2;w=60', ratelimit: '"principal-1";r=0;t=30' },
    });
  });

  it("charge the first row with the call and the others when they are known", async () => {
    const { rates } = open({ cost: "rows", rate: 10, burst: 10 });
    expect(await admitted(rates, [caller()])).toBe(1);
    await rates.ofRows(caller(), "score", 9);
    expect(await admitted(rates, [caller()])).toBe(1);
    await expect((async () => rates.ofRows(caller(), "score", 2))()).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
    await expect((async () => rates.ofRows(caller(), "score", 11))()).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      message: "a call may bring 10 rows at most, the burst of security.rateLimits[0], got 11",
    });
  });
});
