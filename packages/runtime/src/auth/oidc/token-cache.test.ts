import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenCache } from "./token-cache.ts";

const token = (value: string, more: { keyId?: string; size?: number; expiresAtMs?: number } = {}) => ({
  value,
  keyId: "k",
  size: 10,
  expiresAtMs: 1000,
  ...more,
});

describe("TokenCache", () => {
  it("keeps a token to the millisecond at which it ends", () => {
    const cache = new TokenCache<string>({ maxTokens: 2, maxSize: 100 });
    cache.put("a", token("A"));
    expect(cache.get("a", 999)).toBe("A");
    expect(cache.get("a", 1000)).toBeUndefined();
    expect(cache.count).toBe(0);
  });

  it("forgets the tokens of a key that leaves and no others", () => {
    const cache = new TokenCache<string>({ maxTokens: 9, maxSize: 100 });
    cache.put("a", token("A"));
    cache.put("b", token("B", { keyId: "other" }));
    cache.put("c", token("C"));
    cache.dropKey("k");
    expect(["a", "b", "c"].map((digest) => cache.get(digest, 0))).toEqual([undefined, "B", undefined]);
  });

  it("makes room by the oldest that nobody asked for", () => {
    const cache = new TokenCache<string>({ maxTokens: 2, maxSize: 100 });
    cache.put("a", token("A"));
    cache.put("b", token("B"));
    cache.get("a", 0);
    cache.put("c", token("C"));
    expect(["a", "b", "c"].map((digest) => cache.get(digest, 0))).toEqual(["A", undefined, "C"]);
  });

  it("holds no more than its size and takes no token that is larger", () => {
    const cache = new TokenCache<string>({ maxTokens: 9, maxSize: 25 });
    for (const digest of ["a", "b", "c"]) cache.put(digest, token(digest));
    cache.put("d", token("d", { size: 26 }));
    expect(["a", "b", "c", "d"].map((digest) => cache.get(digest, 0))).toEqual([undefined, "b", "c", undefined]);
  });

  it("stays within both bounds and never gives a dropped or ended token, whatever is done", () => {
    const digest = fc.constantFrom(..."abcdefgh".split(""));
    const step = fc.oneof(
      fc.record({
        do: fc.constant("put" as const),
        digest,
        size: fc.integer({ min: 1, max: 30 }),
        keyId: fc.constantFrom("k", "l"),
        end: fc.nat(20),
      }),
      fc.record({ do: fc.constant("get" as const), digest, now: fc.nat(20) }),
      fc.record({ do: fc.constant("drop" as const), keyId: fc.constantFrom("k", "l") }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new TokenCache<string>({ maxTokens: 4, maxSize: 60 });
        const model = new Map<string, { keyId: string; end: number; value: string }>();
        for (const [index, it] of steps.entries()) {
          if (it.do === "put") {
            model.set(it.digest, { keyId: it.keyId, end: it.end, value: String(index) });
            cache.put(it.digest, { value: String(index), keyId: it.keyId, size: it.size, expiresAtMs: it.end });
          } else if (it.do === "drop") {
            cache.dropKey(it.keyId);
            for (const [name, { keyId }] of model) if (keyId === it.keyId) model.delete(name);
          } else {
            const found = cache.get(it.digest, it.now);
            const kept = model.get(it.digest);
            if (found !== undefined) expect([found, it.now < (kept?.end ?? 0)]).toEqual([kept?.value, true]);
          }
          expect(cache.count).toBeLessThanOrEqual(4);
        }
      }),
    );
  });
});
