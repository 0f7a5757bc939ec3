import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressSet, foldIp, parseCidr } from "./cidr.ts";

const ipv4 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const ipv6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });

const spellIpv4 = (bits: number): string => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
const spellIpv6 = (bits: bigint): string =>
  [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((bits >> shift) & 0xffffn).toString(16)).join(":");

function setOf(...cidrs: string[]) {
  return addressSet(cidrs.flatMap((text) => parseCidr(text) ?? []));
}

describe("parseCidr", () => {
  it("reads ranges and single addresses of both families", () => {
    expect(parseCidr("10.0.0.0/8")).toEqual({ family: "ipv4", address: "10.0.0.0", prefix: 8 });
    expect(parseCidr("10.1.2.3")).toEqual({ family: "ipv4", address: "10.1.2.3", prefix: 32 });
    expect(parseCidr("FD00:0:0::/8")).toEqual({ family: "ipv6", address: "fd00::", prefix: 8 });
    expect(parseCidr("::1")).toEqual({ family: "ipv6", address: "::1", prefix: 128 });
    expect(parseCidr("0.0.0.0/0")).toEqual({ family: "ipv4", address: "0.0.0.0", prefix: 0 });
  });

  it("makes IPv4 inside IPv6 the IPv4 range that it is", () => {
    expect(parseCidr("::ffff:10.0.0.0/104")).toEqual({ family: "ipv4", address: "10.0.0.0", prefix: 8 });
    expect(parseCidr("::ffff:a00:1")).toEqual({ family: "ipv4", address: "10.0.0.1", prefix: 32 });
  });

  it.each([
    "",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0/8",
    "::/129",
    "::ffff:0:0/8",
    "a.b",
    "localhost",
    "fe80::1%eth0",
    "10.0.0.0/8 ",
    "1".repeat(1000),
  ])("refuses %j", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it("takes any text without throwing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), fc.string(), (left, right) => {
        for (const text of [left, `${left}/${right}`])
          expect([undefined, "ipv4", "ipv6"]).toContain(parseCidr(text)?.family);
      }),
    );
  });
});

describe("addressSet", () => {
  it("holds exactly the IPv4 addresses whose leading bits are the range's, however they are spelled", () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), ipv4, fc.boolean(), (net, prefix, other, near) => {
        // Half of the addresses are made near the range: at random nearly none would lie in it.
        const ip = near ? (net ^ (other & 3)) >>> 0 : other;
        const divisor = 2 ** (32 - prefix);
        const inside = Math.floor(net / divisor) === Math.floor(ip / divisor);
        const set = setOf(`${spellIpv4(net)}/${prefix}`);
        expect(set.has(spellIpv4(ip))).toBe(inside);
        expect(set.has(`::ffff:${spellIpv4(ip)}`)).toBe(inside);
        expect(set.has(spellIpv6(0xffff00000000n + BigInt(ip)))).toBe(inside);
      }),
    );
  });

  it("holds exactly the IPv6 addresses whose leading bits are the range's", () => {
    fc.assert(
      fc.property(ipv6, fc.integer({ min: 0, max: 128 }), ipv6, fc.boolean(), (net, prefix, other, near) => {
        const ip = near ? net ^ (other & 3n) : other;
        // IPv4 inside IPv6 is IPv4 and has its own test.
        fc.pre(net >> 32n !== 0xffffn && ip >> 32n !== 0xffffn);
        const shift = BigInt(128 - prefix);
        expect(setOf(`${spellIpv6(net)}/${prefix}`).has(spellIpv6(ip))).toBe(net >> shift === ip >> shift);
      }),
    );
  });

  it("holds no address of the other family in a range of all", () => {
    expect(setOf("::/0").has("10.0.0.1")).toBe(false);
    expect(setOf("::/0").has("2001:db8::1")).toBe(true);
    expect(setOf("0.0.0.0/0").has("2001:db8::1")).toBe(false);
  });

  it("holds no text that is no address", () => {
    expect(setOf("0.0.0.0/0", "::/0").has("unknown")).toBe(false);
    expect(setOf("0.0.0.0/0", "::/0").has("")).toBe(false);
  });
});

describe("foldIp", () => {
  it.each([
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:7F00:1", "127.0.0.1"],
    ["0:0:0:0:0:ffff:7f00:1", "127.0.0.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["10.0.0.1", "10.0.0.1"],
  ])("spells %s as %s", (given, expected) => {
    expect(foldIp(given)).toBe(expected);
  });

  it.each(["", "10.0.0.01", "10.1", "1.2.3.4:80", "[::1]", "unix:"])("takes %j for no address", (given) => {
    expect(foldIp(given)).toBeUndefined();
  });
});
