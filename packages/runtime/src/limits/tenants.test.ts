import { describe, expect, it } from "vitest";
import { createTenants, type Tenant } from "./tenants.ts";

class Call implements Tenant {
  readonly held = { rows: 0, bytes: 0 };
  isQueued = true;
  readonly key: string;
  readonly name: string;
  constructor(key: string, name: string) {
    this.key = key;
    this.name = name;
  }
}

function tenantsWith(calls: readonly (readonly [string, string, number])[]) {
  const tenants = createTenants<Call>();
  const made = calls.map(([key, name, rows]) => {
    const call = new Call(key, name);
    call.held.rows = rows;
    tenants.add(call);
    tenants.change(call, "rows", rows);
    return call;
  });
  const victim = (key: string, more: number, limit: number): string | undefined =>
    tenants.victimFor({ key, measure: "rows", more, limit })?.name;
  return { tenants, made, victim };
}

describe("who leaves a full queue", () => {
  it("is the newest call of the caller that holds most", () => {
    const { victim } = tenantsWith([
      ["a", "a1", 1],
      ["a", "a2", 1],
      ["a", "a3", 1],
      ["b", "b1", 1],
    ]);
    expect(victim("c", 1, 4)).toBe("a3");
    expect(victim("b", 1, 4)).toBe("a3");
  });

  it("is nobody for a caller that would have more than a share of it", () => {
    const { victim } = tenantsWith([
      ["a", "a1", 2],
      ["b", "b1", 2],
    ]);
    expect(victim("a", 1, 4)).toBeUndefined();
    expect(victim("c", 2, 4)).toBeUndefined();
    expect(victim("c", 1, 4)).toBe("a1");
  });

  it("is none of those that wait no longer", () => {
    const { tenants, made, victim } = tenantsWith([
      ["a", "a1", 1],
      ["a", "a2", 1],
      ["a", "a3", 2],
    ]);
    const [, , newest] = made;
    if (newest === undefined) throw new Error("three calls were made");
    newest.isQueued = false;
    tenants.change(newest, "rows", -2);
    tenants.delete(newest);
    expect(tenants.total).toEqual({ rows: 2, bytes: 0 });
    expect(victim("c", 1, 2)).toBe("a2");
  });

  it("is one that holds of what is wanted", () => {
    const { tenants, made } = tenantsWith([
      ["a", "a1", 1],
      ["a", "a2", 1],
    ]);
    const [first] = made;
    if (first === undefined) throw new Error("two calls were made");
    first.held.bytes = 100;
    tenants.change(first, "bytes", 100);
    expect(tenants.victimFor({ key: "b", measure: "bytes", more: 40, limit: 100 })?.name).toBe("a1");
  });
});
