/**
 * How much work may be done in one turn of the event loop before sockets and timers get theirs.
 *
 * State: open, or spent until the next turn.
 */
export interface TurnBudget {
  /** Whether something is left of this turn. */
  readonly isOpen: boolean;
  /** Takes the milliseconds of work that was done. */
  spend(ms: number): void;
  /** Calls back with each turn that follows a spent one. */
  onOpen(callback: () => void): void;
}

/**
 * Makes the budget of a process: `budgetMs` of work in each turn, and the end of what was begun before they were spent.
 *
 * A turn goes from one check phase of the loop to the next: what is spent while sockets are read ends before they are looked at again.
 */
export function createTurnBudget(budgetMs: number): TurnBudget {
  const callbacks: (() => void)[] = [];
  let spentMs = 0;
  let isCounting = false;
  const beginTurn = (): void => {
    const wasOpen = spentMs < budgetMs;
    spentMs = 0;
    isCounting = false;
    if (!wasOpen) for (const callback of callbacks) callback();
  };
  return {
    get isOpen() {
      return spentMs < budgetMs;
    },
    spend(ms) {
      spentMs += ms;
      if (isCounting) return;
      isCounting = true;
      setImmediate(beginTurn);
    },
    onOpen: (callback) => void callbacks.push(callback),
  };
}
