import type { LostCallRecord } from "./lost-call.ts";
import { cutText, toLine } from "./line.ts";
import type { LineTarget } from "./line-target.ts";
import type { AuditRecord } from "./record.ts";
import { createWaitingLines } from "./waiting-lines.ts";

/** What became of a record; "refused": the call must not be answered because of that (`mode: strict`). */
export type AuditOutcome = "written" | "lost" | "refused";

/** Facts of an event: names, numbers, never a secret or a value of a caller's claims. */
export type EventFacts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Where audit records go. */
export interface AuditSink {
  /** Whether calls must be refused because a record could not be written (`mode: strict`). */
  readonly blocked: boolean;
  /** Appends one line to every target; a promise where it has to be waited for (`mode: block`). */
  write(record: AuditRecord | LostCallRecord): AuditOutcome | Promise<AuditOutcome>;
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
  /** Told of each record that one target or more did not take. */
  onLost?(): void;
}

/** Makes the sink over its targets. With `strict` no call is answered whose record can't be written, and none is begun until a line can be written again. */
export function createAuditSink({ targets, mode, facts = {}, onLost }: AuditSinkOptions): AuditSink {
  const waiting = mode === "block" ? targets.map((target) => createWaitingLines(target)) : [];
  const lost = (): "lost" => {
    onLost?.();
    return "lost";
  };
  const takeAll = (line: Buffer): boolean => {
    if (!targets.every((target) => target.hasRoom(line.length))) return false;
    // Every target is tried, also behind one that failed.
    return targets.map((target) => target.take(line)).every(Boolean);
  };
  const waitAll = (line: Buffer): AuditOutcome | Promise<AuditOutcome> => {
    const taken = waiting.map((lines) => lines.take(line));
    const settle = (all: readonly boolean[]): AuditOutcome => (all.every(Boolean) ? "written" : lost());
    return taken.some((one) => one instanceof Promise)
      ? Promise.all(taken).then(settle)
      : settle(taken.map((one) => one === true));
  };
  const append = (content: object): AuditOutcome | Promise<AuditOutcome> => {
    const line = Buffer.from(toLine(content));
    if (mode === "block") return waitAll(line);
    if (takeAll(line)) return "written";
    return mode === "strict" ? (lost(), "refused") : lost();
  };
  const event = (name: string, own: EventFacts = {}): void =>
    void append({ time: new Date().toISOString(), event: name, ...facts, ...cutFacts(own) });
  return {
    get blocked() {
      const failing = mode === "strict" ? targets.filter(({ isFailing }) => isFailing) : [];
      if (failing.length === 0) return false;
      const line = Buffer.from(toLine({ time: new Date().toISOString(), event: "audit_retry", ...facts }));
      for (const target of failing) target.probe(line);
      return failing.some(({ isFailing }) => isFailing);
    },
    write: append,
    event,
    reopen() {
      for (const target of targets) target.reopen();
    },
    async close() {
      await Promise.all(waiting.map((lines) => lines.settled()));
      await Promise.all(targets.map((target) => target.close()));
    },
  };
}

function cutFacts(facts: EventFacts): EventFacts {
  const cut = (value: EventFacts[string]): EventFacts[string] => {
    if (typeof value === "string") return cutText(value);
    return Array.isArray(value) ? value.map((item: string) => cutText(item)) : value;
  };
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, cut(value)]));
}
