/** Tells one listener that there is something new, also when it asks only later. */
export interface News {
  ended(): boolean;
  give(): void;
  fail(error: Error): void;
  end(): void;
  /** True when there is news, false at the end; throws what `fail` was given. */
  next(): Promise<boolean>;
}

/** Makes one without news. */
export function createNews(): News {
  let hasNews = false;
  let hasEnded = false;
  let failure: Error | undefined;
  let wake = (): void => undefined;
  return {
    ended: () => hasEnded,
    give() {
      hasNews = true;
      wake();
    },
    fail(error) {
      failure = error;
      wake();
    },
    end() {
      hasEnded = true;
      wake();
    },
    async next() {
      if (!hasNews && !hasEnded && failure === undefined) await new Promise<void>((resolve) => (wake = resolve));
      if (failure !== undefined) throw failure;
      hasNews = false;
      return !hasEnded;
    },
  };
}
