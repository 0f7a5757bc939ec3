import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEdgeGuard, type EdgeGuard, type EdgeOptions } from "./edge-guard.ts";

const score = { id: "native.score", isPublic: false };
const healthz = { id: "healthz", isPublic: true };
const OPEN: EdgeOptions["ipFilter"] = { allow: [], deny: [], functions: {}, exempt: [] };

function guardOf(ipFilter: Partial<EdgeOptions["ipFilter"]>, header?: EdgeOptions["header"]): EdgeGuard {
  return createEdgeGuard({ ipFilter: { ...OPEN, ...ipFilter }, header });
}

const from = (clientIp: string, values: readonly string[] = []): Parameters<EdgeGuard["refusal"]>[0] => ({
  clientIp,
  valuesOf: (name) => (name === "x-origin-verify" ? values : []),
});

describe("the address filter", () => {
  it("lets every address in where nothing is set", () => {
    expect(guardOf({}).refusal(from("203.0.113.9"), score)).toBeUndefined();
    expect(guardOf({}).refusal(from(""), undefined)).toBeUndefined();
  });

  it("lets in whom allow names, unless deny names them too", () => {
    const guard = guardOf({ allow: ["10.0.0.0/8", "fd00::/8"], deny: ["10.1.0.0/16"] });
    const reasonOf = (ip: string): string | undefined => guard.refusal(from(ip), score)?.reason;
    expect(["10.0.0.1", "::ffff:10.0.0.1", "fd00::1"].map(reasonOf)).toEqual([undefined, undefined, undefined]);
    const denied = ["10.1.2.3", "::ffff:10.1.2.3", "11.0.0.1", "fe80::1", "", "unknown"];
    expect(denied.map(reasonOf)).toEqual(denied.map(() => "ip_denied"));
  });

  it("lets in whom deny does not name where allow is empty", () => {
    const guard = guardOf({ deny: ["203.0.113.0/24"] });
    expect(guard.refusal(from("203.0.113.9"), score)).toMatchObject({ code: "PERMISSION_DENIED", reason: "ip_denied" });
    expect(guard.refusal(from("198.51.100.1"), score)).toBeUndefined();
  });

  it("holds for probes unless they are listed, and for other routes that are listed all the same", () => {
    const guard = guardOf({ allow: ["10.0.0.0/8"], exempt: ["healthz", "native.score"] });
    expect(guard.refusal(from("203.0.113.9"), healthz)).toBeUndefined();
    expect(guard.refusal(from("203.0.113.9"), { id: "readyz", isPublic: true })?.reason).toBe("ip_denied");
    expect(guard.refusal(from("203.0.113.9"), score)?.reason).toBe("ip_denied");
    expect(guard.refusal(from("203.0.113.9"), undefined)?.reason).toBe("ip_denied");
  });

  it("asks more of single APIs", () => {
    const guard = guardOf({ functions: { score: { allow: ["10.0.0.0/8"], deny: [] } } });
    expect(() => guard.assertMayReach("203.0.113.9", "score")).toThrow("this address may not call");
    expect(() => guard.assertMayReach("10.2.3.4", "score")).not.toThrow();
    expect(() => guard.assertMayReach("203.0.113.9", "other")).not.toThrow();
  });

  it("decides as arithmetic does, for any network and address", () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.integer({ min: 0, max: 32 }),
        fc.nat(0xffffffff),
        (network, prefix, address) => {
          const dotted = (bits: number): string => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
          const size = 2 ** (32 - prefix);
          const isInside = Math.floor(network / size) === Math.floor(address / size);
          const guard = guardOf({ allow: [`${dotted(network)}/${prefix}`] });
          expect(guard.refusal(from(dotted(address)), score) === undefined).toBe(isInside);
          expect(guard.refusal(from(`::ffff:${dotted(address)}`), score) === undefined).toBe(isInside);
        },
      ),
    );
  });
});

describe("the header of a gateway", () => {
  const guard = guardOf({}, { name: "X-Origin-Verify", secret: () => "s3cret" });

  it("is demanded of every request but probes", () => {
    expect(guard.refusal(from("10.0.0.1", ["s3cret"]), score)).toBeUndefined();
    expect(guard.refusal(from("10.0.0.1", ["s3cret"]), undefined)).toBeUndefined();
    expect(guard.refusal(from("10.0.0.1"), healthz)).toBeUndefined();
    expect(guard.refusal(from("10.0.0.1"), undefined)?.reason).toBe("edge_denied");
  });

  it.each([
    ["missing", []],
    ["empty", [""]],
    ["a prefix", ["s3cre"]],
    ["longer", ["s3cret1"]],
    ["another case", ["S3CRET"]],
    ["with a space", ["s3cret "]],
    ["twice", ["s3cret", "s3cret"]],
    ["once good and once not", ["s3cret", "x"]],
    ["joined", ["s3cret, s3cret"]],
  ])("is refused when it is %s", (_what, values) => {
    expect(guard.refusal(from("10.0.0.1", values), score)).toMatchObject({
      code: "PERMISSION_DENIED",
      reason: "edge_denied",
    });
  });

  it("is named in lower case, for those that take it away", () => {
    expect(guard.secretHeader).toBe("x-origin-verify");
  });

  it("follows a secret that changes", () => {
    let secret = "old";
    const changing = guardOf({}, { name: "x-origin-verify", secret: () => secret });
    secret = "new";
    expect(changing.refusal(from("10.0.0.1", ["new"]), score)).toBeUndefined();
    expect(changing.refusal(from("10.0.0.1", ["old"]), score)?.reason).toBe("edge_denied");
  });
});
