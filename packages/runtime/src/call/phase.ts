/**
 * Where the time of a call goes, in order: its body arrives, it waits for a slot, the input is made of the payload, the author's method runs, the output is
 * written.
 */
export const CALL_PHASES = ["arrival", "queue", "input", "infer", "output"] as const;

/** One phase of a call; the names are those of the metric's label. */
export type CallPhase = (typeof CALL_PHASES)[number];
