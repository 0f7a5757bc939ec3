import { cutText, toLine } from "./line.ts";
import type { LineTarget } from "./line-target.ts";
import { createTurnBatch } from "./turn-batch.ts";
import { createWaitingLines } from "./waiting-lines.ts";

/** Facts of an event: names, numbers, never a secret or a value of a caller's claims. */
export type EventFacts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Where audit records go. */
export interface AuditSink {
  /** Whether calls must be refused because a record could not be written (`mode: strict`). */
  readonly blocked: boolean;
  /**
   * Appends a record, given as JSON, as one line to every target. Gives whether its call may be answered: false only with `mode: strict`, a promise where the record has to be
   * waited for (`block`). `settled` is told when the line stands or is lost for good; with `drop` that is at the end of this turn of the event loop.
   */
  write(record: string, settled?: () => void): boolean | Promise<boolean>;
  /** Writes down something that happened to the server and is no call, such as a reload; its texts are cut. */
  event(name: string, facts?: EventFacts): void;
  /** Opens files anew, as rotation by SIGHUP wants it. */
  reopen(): void;
  /** Delivers what is held, within a bounded time. */
  close(): Promise<void>;
}

export interface AuditSinkOptions {
  /** What can refuse before it is tried stands behind what can't. */
  readonly targets: readonly LineTarget[];
  readonly mode: "drop" | "block" | "strict";
  /** Facts of every event, such as the worker's number. */
  readonly facts?: EventFacts;
  /** Told how many records one target or more did not take. */
  onLost?(count: number): void;
}

/** Makes the sink over its targets. With `strict` no call is answered whose record can't be written, and none is begun until a line can be written again. */
export function createAuditSink({ targets, mode, facts = {}, onLost = () => undefined }: AuditSinkOptions): AuditSink {
  const { append, close } = APPENDERS[mode](targets, onLost);
  return {
    get blocked() {
      const failing = mode === "strict" ? targets.filter(({ isFailing }) => isFailing) : [];
      if (failing.length === 0) return false;
      const line = Buffer.from(toLine(eventText("audit_retry", facts, {})));
      for (const target of failing) target.probe(line);
      return failing.some(({ isFailing }) => isFailing);
    },
    write: (record, settled) => append(toLine(record), settled),
    event: (name, own = {}) => void append(toLine(eventText(name, facts, own)), undefined),
    reopen() {
      for (const target of targets) target.reopen();
    },
    async close() {
      await close();
      await Promise.all(targets.map((target) => target.close()));
    },
  };
}

/** How one mode brings lines to their targets. */
interface Appender {
  /** As `write` of the sink. */
  append(line: string, settled: (() => void) | undefined): boolean | Promise<boolean>;
  /** Hands on what is held. */
  close(): Promise<void>;
}

type MakeAppender = (targets: readonly LineTarget[], onLost: (count: number) => void) => Appender;

const APPENDERS = { drop: dropping, block: blocking, strict: strictly } as const satisfies Record<
  AuditSinkOptions["mode"],
  MakeAppender
>;

function dropping(...[targets, onLost]: Parameters<MakeAppender>): Appender {
  const batch = createTurnBatch(targets, onLost);
  return {
    append: (line, settled) => (batch.add(line, settled), true),
    close: async () => batch.flush(),
  };
}

function blocking(...[targets, onLost]: Parameters<MakeAppender>): Appender {
  const waiting = targets.map((target) => createWaitingLines(target));
  return {
    append(text, settled) {
      const line = Buffer.from(text);
      const taken = waiting.map((lines) => lines.take(line));
      const settle = (all: readonly boolean[]): true => {
        if (!all.every(Boolean)) onLost(1);
        settled?.();
        return true;
      };
      const isWaiting = taken.some((one) => one instanceof Promise);
      return isWaiting ? Promise.all(taken).then(settle) : settle(taken.map((one) => one === true));
    },
    close: async () => void (await Promise.all(waiting.map((lines) => lines.settled()))),
  };
}

function strictly(...[targets, onLost]: Parameters<MakeAppender>): Appender {
  return {
    append(text, settled) {
      const line = Buffer.from(text);
      // Whoever has no room says so before another one has written that the call was answered.
      const isTaken =
        targets.every((target) => target.hasRoom(line.length)) &&
        targets.map((target) => target.take(line)).every(Boolean);
      if (!isTaken) onLost(1);
      settled?.();
      return isTaken;
    },
    close: () => Promise.resolve(),
  };
}

function eventText(event: string, facts: EventFacts, own: EventFacts): string {
  return JSON.stringify({ time: new Date().toISOString(), event, ...facts, ...cutFacts(own) });
}

function cutFacts(facts: EventFacts): EventFacts {
  const cut = (value: EventFacts[string]): EventFacts[string] => {
    if (typeof value === "string") return cutText(value);
    return Array.isArray(value) ? value.map((item: string) => cutText(item)) : value;
  };
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, cut(value)]));
}
