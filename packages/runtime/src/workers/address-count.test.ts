import { describe, expect, it } from "vitest";
import { createAddressCount } from "./address-count.ts";

const create = (max: number, trustedProxies: readonly string[] = []): ReturnType<typeof createAddressCount> =>
  createAddressCount({ maxConnectionsPerIp: max, trustedProxies });

describe("createAddressCount", () => {
  it("lets each address have as many as the limit, and another one when one has left", () => {
    const count = create(2);
    const first = count.enter("192.0.2.1");
    expect([first, count.enter("192.0.2.1"), count.enter("192.0.2.1")]).toEqual(["192.0.2.1", "192.0.2.1", undefined]);
    expect(count.enter("192.0.2.2")).toBe("192.0.2.2");
    count.leave("192.0.2.1");
    expect(count.enter("192.0.2.1")).toBe("192.0.2.1");
    expect(count.enter("192.0.2.1")).toBeUndefined();
  });

  it("takes IPv4 inside IPv6 for the same address", () => {
    const count = create(1);
    expect(count.enter("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(count.enter("192.0.2.1")).toBeUndefined();
  });

  it.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
    ["2001:db8::1", "2001:db8:0:0:7::"],
    ["::1", "::2"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4::"],
  ])("takes %s and %s for one caller: their first 64 bits are the same", (first, second) => {
    const count = create(1);
    expect(count.enter(first)).not.toBeUndefined();
    expect(count.enter(second)).toBeUndefined();
  });

  it("tells IPv6 networks apart", () => {
    const count = create(1);
    expect([count.enter("2001:db8:1:2::1"), count.enter("2001:db8:1:3::1")]).not.toContain(undefined);
  });

  it("does not count trusted proxies", () => {
    const count = create(1, ["10.0.0.0/8"]);
    for (let connection = 0; connection < 5; connection += 1) expect(count.enter("10.1.2.3")).not.toBeUndefined();
    expect([count.enter("11.0.0.1"), count.enter("11.0.0.1")]).toEqual(["11.0.0.1", undefined]);
  });
});
