/**
 * The part of an AbortSignal that waiting needs; a real AbortSignal is one.
 *
 * A call makes several, and most end unused: a real signal with one listener costs about as much as half of a small call's own work.
 */
export interface Cancellation {
  readonly aborted: boolean;
  /** Why, once aborted. */
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Under this key stands the cancellation from which `signal` is made when somebody asks for it. */
export const CANCELLATION: unique symbol = Symbol("cancellation");

/** What waiting work can be cancelled by: that of a call's context without the real signal being made. */
export function cancellationOf(options: {
  readonly signal?: Cancellation | undefined;
  readonly [CANCELLATION]?: Cancellation | undefined;
}): Cancellation | undefined {
  return options[CANCELLATION] ?? options.signal;
}

/** A cancellation with its trigger. Moves once, from open to aborted; listeners are told once. */
export class Canceller implements Cancellation {
  aborted = false;
  reason: unknown = undefined;
  #listeners: (() => void)[] = [];

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.aborted) this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }
}
