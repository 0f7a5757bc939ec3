import type { KindName } from "./draw-call.ts";

/** What a caller knows of one call when it has ended. */
export interface LedgerEntry {
  readonly surface: string;
  readonly protocol: string;
  readonly transport: "http" | "grpc";
  readonly kind: KindName;
  /** The status of its transport; "left" where the caller was gone first, by hanging up or by its own deadline; "cut" where the connection broke. */
  readonly end: number | "left" | "cut";
  /** Milliseconds of the wall clock, as of audit lines. */
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Every call that was made, by its request id. */
export type Ledger = Map<string, LedgerEntry>;

/** Faults that were found: how many of each, and the first of them. */
export interface Faults {
  add(fault: string, example: string): void;
  /** One sentence a kind of fault. */
  list(): readonly string[];
}

/** Makes an empty list. */
export function createFaults(): Faults {
  const faults = new Map<string, { count: number; readonly example: string }>();
  return {
    add(fault, example) {
      const known = faults.get(fault);
      if (known === undefined) faults.set(fault, { count: 1, example });
      else known.count += 1;
    },
    list: () => Array.from(faults, ([fault, { count, example }]) => `${fault} (${count} ×): ${example}`),
  };
}
