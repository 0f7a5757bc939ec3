import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "./server-process.ts";

/** Between two calls of a caller: without, a few of them would take the machine from the other tests. */
const PAUSE_MS = 10;

/** Callers who call again soon after they are answered. */
export interface EndlessCalls {
  /** Resolves when each caller has ended this many more calls. */
  more(calls: number): Promise<void>;
  /** Lets the running calls end, and gives how calls have ended: "caller: what came of it", each once. */
  stop(): Promise<ReadonlySet<string>>;
}

/** Starts callers, each with a name; what a call resolves with, or rejects with, tells how it has ended. */
export function startEndlessCalls(callers: Readonly<Record<string, () => Promise<unknown>>>): EndlessCalls {
  const ends = new Set<string>();
  const counts = new Map<string, number>();
  const countOf = (name: string): number => counts.get(name) ?? 0;
  let isOn = true;
  const run = async (name: string, call: () => Promise<unknown>): Promise<void> => {
    while (isOn) {
      ends.add(`${name}: ${String(await call().catch((error: unknown) => error))}`);
      counts.set(name, countOf(name) + 1);
      await sleep(PAUSE_MS);
    }
  };
  const running = Object.entries(callers).map(([name, call]) => run(name, call));
  return {
    async more(calls) {
      const goals = Object.keys(callers).map((name) => [name, countOf(name) + calls] as const);
      await eventually(async () => goals.every(([name, goal]) => countOf(name) >= goal) || undefined, 60_000);
    },
    async stop() {
      isOn = false;
      await Promise.all(running);
      return ends;
    },
  };
}
