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
  /** One listener, as most calls have, is kept without a list. */
  #first: (() => void) | undefined = undefined;
  #others: (() => void)[] | undefined = undefined;

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const [first, others] = [this.#first, this.#others];
    this.#first = undefined;
    this.#others = undefined;
    first?.();
    if (others !== undefined) for (const listener of others) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (this.aborted) return;
    if (this.#others !== undefined) this.#others.push(listener);
    else if (this.#first === undefined) this.#first = listener;
    else this.#others = [listener];
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    if (this.#first === listener) {
      this.#first = this.#others?.shift();
      return;
    }
    const at = this.#others?.indexOf(listener) ?? -1;
    if (at >= 0) this.#others?.splice(at, 1);
  }
}
