import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientIpOf, isTrustedProxy } from "./client-ip.ts";

const TRUSTED = ["10.0.0.0/8", "fd00::/8"];
const PROXY = "10.0.0.1";

describe("clientIpOf", () => {
  it.each([
    ["no header", PROXY, undefined, PROXY],
    ["one hop", PROXY, "203.0.113.7", "203.0.113.7"],
    ["past trusted hops", PROXY, "203.0.113.7, 10.9.9.9,fd00::5", "203.0.113.7"],
    ["not past the first untrusted hop", PROXY, "1.1.1.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"],
    ["all trusted: the leftmost", PROXY, "10.3.3.3, 10.9.9.9", "10.3.3.3"],
    ["several header fields", PROXY, ["1.1.1.1", "203.0.113.7"], "203.0.113.7"],
    ["peer as IPv4 inside IPv6", "::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"],
    ["hop as IPv4 inside IPv6", PROXY, "::ffff:203.0.113.7", "203.0.113.7"],
    ["IPv6 in its short form", PROXY, "2001:DB8:0::1", "2001:db8::1"],
    ["untrusted peer", "203.0.113.9", "1.1.1.1", "203.0.113.9"],
    ["untrusted peer, folded", "::ffff:203.0.113.9", "1.1.1.1", "203.0.113.9"],
  ])("%s", (_case, peer, header, expected) => {
    expect(clientIpOf(peer, header, TRUSTED)).toBe(expected);
  });

  it.each([
    "",
    " ",
    "unknown",
    "203.0.113.7, garbage",
    "203.0.113.7,",
    "203.0.113.7:1234",
    "[2001:db8::1]",
    "fe80::1%eth0",
    "203.0.113.07",
    "1.1.1.1, , 10.2.2.2",
  ])("gives the peer when an entry that counts is no address: %j", (header) => {
    expect(clientIpOf(PROXY, header, TRUSTED)).toBe(PROXY);
  });

  it("never looks at what a caller wrote left of the address that a trusted proxy saw", () => {
    fc.assert(
      fc.property(fc.string(), (invented) => {
        expect(clientIpOf(PROXY, `${invented},203.0.113.7, 10.9.9.9`, TRUSTED)).toBe("203.0.113.7");
      }),
    );
  });

  it("believes no header when no proxy is trusted", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(clientIpOf("203.0.113.9", header, [])).toBe("203.0.113.9");
      }),
    );
  });

  it("gives the last address of the chain that is not trusted, or the first of all", () => {
    const trusted = fc.ipV4().map((ip) => ip.replace(/^\d+/, "10"));
    const foreign = fc.ipV4().map((ip) => ip.replace(/^\d+/, "203"));
    fc.assert(
      fc.property(fc.array(fc.oneof(trusted, foreign), { minLength: 1 }), (hops) => {
        const expected = hops.findLast((hop) => hop.startsWith("203.")) ?? hops[0];
        expect(clientIpOf(PROXY, hops.join(", "), TRUSTED)).toBe(expected);
      }),
    );
  });

  it("reads a header of 32 KiB of trusted hops to its end", () => {
    const hops = Array.from({ length: 3600 }, () => "10.0.0.1");
    expect(clientIpOf(PROXY, ["203.0.113.7", ...hops].join(","), TRUSTED)).toBe("203.0.113.7");
  });

  it("keeps a peer that is no address, such as a closed socket's", () => {
    expect(clientIpOf("", "203.0.113.7", TRUSTED)).toBe("");
  });
});

describe("isTrustedProxy", () => {
  it("tells lists apart", () => {
    expect(isTrustedProxy("10.0.0.1", ["10.0.0.0/8"])).toBe(true);
    expect(isTrustedProxy("10.0.0.1", ["11.0.0.0/8"])).toBe(false);
    expect(isTrustedProxy("10.0.0.1", [])).toBe(false);
  });

  it("refuses a list that holds no CIDR", () => {
    expect(() => isTrustedProxy("10.0.0.1", ["ten"])).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: 'trusted proxy: expected a CIDR such as "10.0.0.0/8", got "ten"',
      }),
    );
  });
});
