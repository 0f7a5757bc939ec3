/** What waiting calls hold of a worker. */
export type Measure = "rows" | "bytes";

/** A call as its caller's tenancy knows it. */
export interface Tenant {
  /** The caller. */
  readonly key: string;
  /** Whether it still waits. */
  readonly isQueued: boolean;
  readonly held: Readonly<Record<Measure, number>>;
}

/** What each caller holds by calls that wait, and whose call makes room for whom. */
export interface Tenants<T extends Tenant> {
  readonly total: Readonly<Record<Measure, number>>;
  add(tenant: T): void;
  /** A call holds so much more, or less. */
  change(tenant: T, measure: Measure, by: number): void;
  /** Takes a call out that waits no longer; what it held was given back before. */
  delete(tenant: T): void;
  /**
   * The call that has to leave for `more` of a measure to fit into `limit`: the newest of the caller that holds most. Undefined where the one who asks would
   * have more than a fair share, `limit` over the callers: nobody leaves for that.
   */
  victimFor(asking: {
    readonly key: string;
    readonly measure: Measure;
    readonly more: number;
    readonly limit: number;
  }): T | undefined;
}

interface Household<T> extends Record<Measure, number> {
  /** Calls in order of arrival, some of which wait no longer. */
  calls: T[];
  waiting: number;
}

/** Makes an empty count. */
export function createTenants<T extends Tenant>(): Tenants<T> {
  const households = new Map<string, Household<T>>();
  const total = { rows: 0, bytes: 0 };
  let callers = 0;

  function largest(measure: Measure): Household<T> | undefined {
    let found: Household<T> | undefined;
    for (const household of households.values())
      if (found === undefined || household[measure] > found[measure]) found = household;
    return found;
  }

  return {
    total,
    add(tenant) {
      const household = households.get(tenant.key) ?? { rows: 0, bytes: 0, calls: [], waiting: 0 };
      if (household.waiting === 0) {
        households.set(tenant.key, household);
        callers += 1;
      }
      // Calls may leave from the middle: the list is swept when most of it has left.
      if (household.calls.length > 2 * household.waiting + FEW_CALLS)
        household.calls = household.calls.filter(({ isQueued }) => isQueued);
      household.calls.push(tenant);
      household.waiting += 1;
    },
    change({ key }, measure, by) {
      const household = households.get(key);
      if (household === undefined || by === 0) return;
      household[measure] += by;
      total[measure] += by;
    },
    delete(tenant) {
      const household = households.get(tenant.key);
      if (household === undefined) return;
      household.waiting -= 1;
      if (household.calls.at(-1) === tenant) household.calls.pop();
      if (household.waiting > 0) return;
      callers -= 1;
      // Who calls again and again finds an empty one.
      if (households.size > FEW_HOUSEHOLDS) households.delete(tenant.key);
    },
    victimFor({ key, measure, more, limit }) {
      const asking = households.get(key);
      const sharing = callers + ((asking?.waiting ?? 0) > 0 ? 0 : 1);
      if ((asking?.[measure] ?? 0) + more > limit / sharing) return undefined;
      return largest(measure)?.calls.findLast(({ isQueued, held }) => isQueued && held[measure] > 0);
    },
  };
}

const FEW_CALLS = 8;
const FEW_HOUSEHOLDS = 64;
