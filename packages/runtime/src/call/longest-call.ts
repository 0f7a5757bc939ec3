/** Under this key a call's context says how long calls of its API may take, in milliseconds, however little time its caller gives. */
export const LONGEST_CALL: unique symbol = Symbol("longest call");

/** What says it, if anything does. */
export interface Bounded {
  readonly [LONGEST_CALL]?: number | undefined;
}
