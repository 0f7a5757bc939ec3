import type { LineTarget } from "./line-target.ts";

/** Lines of one turn of the event loop, which go to their targets together (`mode: drop`): under load a write for each would be the dearest part of a record. */
export interface TurnBatch {
  /** `settled` is told when the line stands, or is lost for good. */
  add(line: string, settled: (() => void) | undefined): void;
  /** Hands on what was added so far. */
  flush(): void;
}

/** Lines that are held before the turn ends: what whole bodies take must not pile up. */
const MAX_CHARACTERS = 64 * 1024;

/** Makes the batch of a sink; `onLost` is told how many lines one target or more did not take. */
export function createTurnBatch(targets: readonly LineTarget[], onLost: (count: number) => void): TurnBatch {
  let lines: string[] = [];
  let waiting: (() => void)[] = [];
  let characters = 0;
  const flush = (): void => {
    const [taken, told] = [lines, waiting];
    [lines, waiting, characters] = [[], [], 0];
    if (taken.length === 0) return;
    const lost = taken.length - Math.min(...targets.map((target) => target.takeAll(taken)));
    if (lost > 0) onLost(lost);
    for (const settled of told) settled();
  };
  return {
    add(line, settled) {
      if (lines.length === 0) setImmediate(flush);
      lines.push(line);
      if (settled !== undefined) waiting.push(settled);
      characters += line.length;
      if (characters >= MAX_CHARACTERS) flush();
    },
    flush,
  };
}
