/** A worker as the choice sees it. */
export interface SeatLoad {
  /** Connections that it holds. */
  readonly open: number;
  /** When the connection on its way to it was sent; undefined when none is. */
  readonly sentMs: number | undefined;
  /** The turn in which it last got a connection. */
  readonly lastTurn: number;
}

/** Who gets the next connection; when it is better to wait, until when. */
export type SeatChoice<S> =
  | { readonly kind: "seat"; readonly seat: S }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "none" };

/** How long a worker may take with one connection and still count as about to be free; it takes well under 1 ms when idle. */
const PATIENCE_MS = 50;

/**
 * Chooses the free worker with the fewest open connections, among equals the one whose turn is longest ago.
 *
 * Waits a little for a worker that has clearly fewer but is busy taking one: callers keep connections for long, and eight of them on
 * one worker of two would halve the server.
 */
export function chooseSeat<S extends SeatLoad>(seats: readonly S[], nowMs: number): SeatChoice<S> {
  let best: S | undefined;
  for (const seat of seats) {
    if (seat.sentMs !== undefined) continue;
    const isBetter =
      best === undefined || seat.open < best.open || (seat.open === best.open && seat.lastTurn < best.lastTurn);
    if (isBetter) best = seat;
  }
  if (best === undefined) return { kind: "none" };
  const leastOpen = best.open;
  // One more than open is on its way to a rival.
  const rivals = seats.filter((seat) => seat.sentMs !== undefined && seat.open + 1 < leastOpen);
  const untilMs = Math.max(...rivals.map((seat) => (seat.sentMs ?? 0) + PATIENCE_MS));
  return untilMs > nowMs ? { kind: "wait", untilMs } : { kind: "seat", seat: best };
}
