/** One place that takes lines, each whole or not at all. */
export interface LineTarget {
  /** Whether it can take a line of so many bytes now, as far as that is known before. */
  hasRoom(bytes: number): boolean;
  /** Takes a line; false when it can't at the moment. The same line may be brought again, and is then continued where it was begun. */
  take(line: Buffer): boolean;
  /** Takes lines one after the other, in one go where that is cheaper; gives how many it took. None is tried a second time. */
  takeAll(lines: readonly string[]): number;
  /** Whether the last try failed, so that calls whose record must not be lost had better not begin. */
  readonly isFailing: boolean;
  /** Tries with this line whether lines can be taken again; where that is found out without, it does nothing. */
  probe(line: Buffer): void;
  /** Opens anew what lies behind it, such as a file that was moved away. */
  reopen(): void;
  /** Delivers what it holds, within a bounded time. */
  close(): Promise<void>;
}

/** Brings lines to a target one by one; gives how many it took. */
export function takeEach(target: LineTarget, lines: readonly string[]): number {
  return lines.map((line) => Buffer.from(line)).filter((line) => target.hasRoom(line.length) && target.take(line))
    .length;
}

/** Told once when lines can't be taken any more, with the reason, and once, with undefined, when they can be again. */
export type OnTrouble = (reason: unknown) => void;
