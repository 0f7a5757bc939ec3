import type { Chance } from "./chance.ts";

type Rows = readonly (readonly number[])[];

/** How a call may end: a status of its transport, its caller was gone first, or the connection broke. */
export interface Ends {
  readonly http: number | "left";
  readonly grpc: number | "left";
}

/** A call to be made. */
export interface DrawnCall {
  readonly kind: KindName;
  readonly rows: Rows;
  /** Sent in place of a message that holds the rows. */
  readonly bytes?: Buffer;
  readonly isKeyGood: boolean;
  readonly timeoutMs?: number;
  /** The caller leaves then. */
  readonly leaveAfterMs?: number;
}

interface Kind {
  /** How many of 100 calls are of this kind. */
  readonly percent: number;
  /** How calls of this kind end; what leaves may be answered before. */
  readonly ends: Ends;
  draw(chance: Chance): Partial<Omit<DrawnCall, "kind">>;
}

const OK = { http: 200, grpc: 0 } as const;
const INVALID = { http: 400, grpc: 3 } as const;

const goodRows = (chance: Chance): Rows =>
  Array.from({ length: chance.whole(1, 4) }, () => [chance.whole(0, 1000), chance.whole(-1000, 1000)]);
/** Rows that ask the service for something else than numbers. */
const order = (...row: readonly [number, number]): { readonly rows: Rows } => ({ rows: [row] });

/** Source of the codes: packages/runtime/src/error-table.ts, which has a test of its own against the specifications. */
export const KINDS = {
  good: { percent: 78, ends: OK, draw: (chance) => ({ rows: goodRows(chance) }) },
  slow: { percent: 4, ends: OK, draw: (chance) => order(-4, chance.whole(1, 30)) },
  leaves: {
    percent: 5,
    ends: { http: "left", grpc: "left" },
    draw: (chance) => ({ ...order(-3, 0), leaveAfterMs: chance.whole(0, 30) }),
  },
  "leaves early": {
    percent: 2,
    ends: { http: "left", grpc: "left" },
    draw: (chance) => ({ rows: goodRows(chance), leaveAfterMs: chance.whole(0, 3) }),
  },
  late: {
    percent: 3,
    ends: { http: 504, grpc: "left" },
    draw: (chance) => ({ ...order(-3, 0), timeoutMs: chance.whole(10, 40) }),
  },
  malformed: {
    percent: 2,
    ends: INVALID,
    draw: (chance) => ({ bytes: Buffer.from(Array.from({ length: 16 }, () => chance.whole(128, 255))) }),
  },
  "wrong shape": { percent: 2, ends: INVALID, draw: (chance) => ({ rows: [[chance.whole(0, 9), 0, 0]] }) },
  "wrong key": { percent: 2, ends: { http: 401, grpc: 16 }, draw: () => ({ isKeyGood: false }) },
  fault: { percent: 1, ends: { http: 500, grpc: 13 }, draw: () => order(-1, 0) },
  refusal: { percent: 1, ends: { http: 409, grpc: 9 }, draw: () => order(-2, 0) },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

/** Draws the next call. */
export function drawCall(chance: Chance): DrawnCall {
  const kind = drawKind(chance.whole(0, 99));
  return { kind, rows: [[1, 2]], isKeyGood: true, ...KINDS[kind].draw(chance) };
}

function drawKind(percent: number): KindName {
  let upTo = 0;
  for (const name of Object.keys(KINDS) as readonly KindName[]) {
    upTo += KINDS[name].percent;
    if (percent < upTo) return name;
  }
  throw new Error("the percents of the kinds do not add up to 100");
}
