/** One place that takes lines, each whole or not at all. */
export interface LineTarget {
  /** Whether it can take a line of so many bytes now, as far as that is known before. */
  hasRoom(bytes: number): boolean;
  /** Takes a line; false when it can't at the moment. The same line may be brought again, and is then continued where it was begun. */
  take(line: Buffer): boolean;
  /** Whether the last try failed, so that calls whose record must not be lost had better not begin. */
  readonly isFailing: boolean;
  /** Tries with this line whether lines can be taken again; where that is found out without, it does nothing. */
  probe(line: Buffer): void;
  /** Opens anew what lies behind it, such as a file that was moved away. */
  reopen(): void;
  /** Delivers what it holds, within a bounded time. */
  close(): Promise<void>;
}

/** Told once when lines can't be taken any more, with the reason, and once, with undefined, when they can be again. */
export type OnTrouble = (reason: unknown) => void;
