import { addToBase, sumSnapshots, type WorkerSnapshot } from "../telemetry/metrics-sum.ts";
import type { MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { PoolMember } from "./pool-member.ts";

/** Keeps the newest numbers of each worker, and the lasting ones of workers that are gone: no counter ever falls. */
export interface MetricsCollector {
  received(member: PoolMember, metrics: { readonly id: number | undefined; readonly snapshot: MetricsSnapshot }): void;
  ended(member: PoolMember): void;
  /** Asks these workers, waits for a bounded time, and shows for each that did not answer what it last told. */
  text(members: readonly PoolMember[], own: MetricsSnapshot): Promise<string>;
  /** The same for some metrics, as a snapshot. */
  totals(members: readonly PoolMember[], names: readonly string[]): Promise<MetricsSnapshot>;
}

interface Question {
  readonly id: number;
  readonly answered: Promise<void>;
  readonly answer: () => void;
}

/** Creates a collector that knows nothing yet. */
export function createMetricsCollector(timeoutMs: number): MetricsCollector {
  const last = new Map<PoolMember, MetricsSnapshot>();
  /** One for each worker at most: one that computes must not find a pile of questions when it is done. */
  const questions = new Map<PoolMember, Question>();
  let base: MetricsSnapshot = [];
  /** Last words of workers that are gone, until they are part of the base. */
  let dead: readonly MetricsSnapshot[] = [];
  let folding = Promise.resolve();
  let lastId = 0;

  async function fold(): Promise<void> {
    const [oldest] = dead;
    if (oldest === undefined) return;
    const next = await addToBase(base, oldest);
    base = next;
    dead = dead.slice(1);
  }

  function ask(member: PoolMember): Question {
    const open = questions.get(member);
    if (open !== undefined) return open;
    lastId += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const question = { id: lastId, answered: promise, answer: resolve };
    questions.set(member, question);
    member.process.send({ type: "metrics-request", id: question.id });
    return question;
  }

  function close(member: PoolMember): void {
    questions.get(member)?.answer();
    questions.delete(member);
  }

  async function collect(members: readonly PoolMember[]): Promise<readonly WorkerSnapshot[]> {
    await waitAll(
      members.map((member) => ask(member).answered),
      timeoutMs,
    );
    const lasting = [base, ...dead].map((snapshot) => ({ worker: undefined, snapshot }));
    return [...lasting, ...Array.from(last, ([member, snapshot]) => ({ worker: member.slotId, snapshot }))];
  }

  return {
    received(member, { id, snapshot }) {
      last.set(member, snapshot);
      if (questions.get(member)?.id === id) close(member);
    },
    ended(member) {
      close(member);
      const words = last.get(member);
      last.delete(member);
      if (words === undefined) return;
      dead = [...dead, words];
      folding = folding.then(fold);
    },
    async text(members, own) {
      const parts = await collect(members);
      return (await sumSnapshots([...parts, { worker: undefined, snapshot: own }])).text();
    },
    async totals(members, names) {
      const parts = (await collect(members)).map(({ worker, snapshot }) => ({
        worker,
        snapshot: snapshot.filter((family) => names.includes(family.name)),
      }));
      return (await sumSnapshots(parts)).snapshot();
    },
  };
}

async function waitAll(promises: readonly Promise<void>[], timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.all(promises), timeout]);
  clearTimeout(timer);
}
