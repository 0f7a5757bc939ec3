/** How a queue's calls come and how long batches of them take, learned from what is observed. Times in milliseconds. */
export interface Pace {
  /** A call of `rows` has come. */
  arrived(rows: number, nowMs: number): void;
  /** A batch of `rows` took `ms`. */
  ran(rows: number, ms: number): void;
  /** Time between two calls; infinite until two came. */
  readonly gapMs: number;
  /** How long a batch of `rows` is expected to take; undefined until one ran. */
  predict(rows: number): number | undefined;
  /** Compute that is saved when the next call joins a batch of `rows` in place of running after it; 0 where that is not known. */
  savedBy(rows: number): number;
}

/** Weight of the newest observation: half of what is known is from the last three. */
const NEWEST = 0.2;

/** One size of batches, of those between two powers of two. */
interface Size {
  rows: number;
  ms: number;
}

/** Creates the pace of a queue; what was measured elsewhere, such as at warm-up, seeds it. */
export function createPace(measured: readonly { readonly rows: number; readonly ms: number }[] = []): Pace {
  // By power of two: sizes that run seldom keep what is known of them.
  const sizes = new Map<number, Size>();
  let lastMs: number | undefined;
  let gapMs = Infinity;
  let rowsOfCall = 1;

  const ran = (rows: number, ms: number): void => {
    const power = Math.floor(Math.log2(Math.max(1, rows)));
    const size = sizes.get(power);
    if (size === undefined) sizes.set(power, { rows: Math.max(1, rows), ms });
    else {
      size.rows = mean(size.rows, Math.max(1, rows));
      size.ms = mean(size.ms, ms);
    }
  };
  const predict = (rows: number): number | undefined => predictFrom([...sizes.values()], rows);
  for (const { rows, ms } of measured) ran(rows, ms);

  return {
    arrived(rows, nowMs) {
      rowsOfCall = mean(rowsOfCall, Math.max(1, rows));
      if (lastMs !== undefined) gapMs = gapMs === Infinity ? nowMs - lastMs : mean(gapMs, nowMs - lastMs);
      lastMs = nowMs;
    },
    ran,
    get gapMs() {
      return gapMs;
    },
    predict,
    savedBy(rows) {
      const alone = predict(rowsOfCall);
      const now = predict(rows);
      const joined = predict(rows + rowsOfCall);
      if (alone === undefined || now === undefined || joined === undefined) return 0;
      return Math.max(0, alone - Math.max(0, joined - now));
    },
  };
}

function mean(known: number, newest: number): number {
  return known + (newest - known) * NEWEST;
}

/**
 * Time on the line through the two known sizes next to it; through one and the origin where only one is known, so that nothing is saved by waiting as far as anybody knows.
 */
function predictFrom(sizes: readonly Size[], rows: number): number | undefined {
  const ascending = [...sizes].sort((a, b) => a.rows - b.rows);
  const above = ascending.findIndex((size) => size.rows >= rows);
  const at = above < 0 ? ascending.length - 1 : Math.max(1, above);
  const [low, high] = ascending.length === 1 ? [{ rows: 0, ms: 0 }, ascending[0]] : [ascending[at - 1], ascending[at]];
  if (low === undefined || high === undefined) return undefined;
  const slope = Math.max(0, (high.ms - low.ms) / (high.rows - low.rows));
  return Math.max(0, low.ms + slope * (rows - low.rows));
}
