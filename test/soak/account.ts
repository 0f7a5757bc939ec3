import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Sample, sumOf } from "./admin.ts";
import type { Faults, Ledger, LedgerEntry } from "./ledger.ts";
import type { Kill } from "./trouble.ts";

/** What the books say of all calls. */
export interface Account {
  /** Lines of the audit file that are about calls. */
  readonly lines: number;
  /** Calls that ended with their worker, by the audit file. */
  readonly diedWithWorker: number;
  /** Those of them whose answer the caller has: the worker was killed in the turn of its event loop in which it was sent, before it wrote its line. */
  readonly answeredBefore: number;
  /** Those of them whose line the worker had written, but not yet that it had. */
  readonly writtenTwice: number;
  /** Calls of which no worker has read enough to write anything down: their caller left first, or the connection broke by a kill. */
  readonly unread: number;
  /** Calls whose connection broke. */
  readonly cut: number;
  /** Calls that a killed worker had counted and not yet reported: they are in the audit file, and missing in the metrics. */
  readonly uncounted: number;
}

/** The fields of an audit line that are read here. */
interface Line {
  readonly event?: string;
  readonly time: string;
  readonly requestId: string;
  readonly protocol: string;
  readonly function: string | null;
  readonly status: number | null;
  readonly grpcCode: number | null;
  readonly reason: string | null;
}

export interface Books {
  readonly auditFile: string;
  readonly ledger: Ledger;
  readonly metrics: readonly Sample[];
  readonly kills: readonly Kill[];
  readonly faults: Faults;
}

/** Compares what callers saw, the audit file and the metrics, call by call; what does not add up is a fault. */
export async function account(books: Books): Promise<Account> {
  const { ledger, faults } = books;
  const lines = await readLines(books);
  let cut = 0;
  let unread = 0;
  for (const [id, entry] of ledger) {
    const isCut = entry.end === "cut";
    if (isCut) cut += 1;
    if (isCut && !mayBreak(entry, books))
      faults.add("a connection broke while no worker was down", describe(id, entry));
    if (lines.seen.has(id)) continue;
    unread += 1;
    if (!isCut && entry.end !== "left") faults.add("an answered call is not in the audit file", describe(id, entry));
  }
  const uncounted = compareMetrics(books, lines);
  const { count, died, answeredBefore, writtenTwice } = lines;
  return { lines: count, diedWithWorker: died, answeredBefore, writtenTwice, unread, cut, uncounted };
}

/** Whether a worker was down while a call ran. */
function mayBreak({ startedMs, endedMs }: LedgerEntry, { kills }: Books): boolean {
  return kills.some(({ sentMs, untilMs }) => endedMs >= sentMs && startedMs <= untilMs);
}

interface ReadLines {
  readonly seen: ReadonlySet<string>;
  count: number;
  died: number;
  answeredBefore: number;
  writtenTwice: number;
  /** Lines that were counted in metrics too, by "function protocol status". */
  readonly bySeries: ReadonlyMap<string, number>;
  /** Those of them that a worker may have counted after its last report and before it was killed. */
  unreported: number;
}

async function readLines(books: Books): Promise<ReadLines> {
  const seen = new Set<string>();
  const bySeries = new Map<string, number>();
  const read: ReadLines = { seen, bySeries, count: 0, died: 0, answeredBefore: 0, writtenTwice: 0, unreported: 0 };
  for await (const text of createInterface({ input: createReadStream(books.auditFile) })) {
    const line = JSON.parse(text) as Line;
    if (line.event !== undefined) continue;
    read.count += 1;
    const entry = books.ledger.get(line.requestId);
    if (entry === undefined) {
      books.faults.add("an audit line is of no call that was made", text);
      continue;
    }
    const fault = line.reason === "WORKER_DIED" ? readDeath(line, entry, books, read) : readEnd(line, entry, seen);
    if (fault !== undefined) books.faults.add(fault, `${describe(line.requestId, entry)} ${text}`);
    seen.add(line.requestId);
    if (line.reason === "WORKER_DIED") continue;
    const series = seriesOf(line.function ?? "none", line.protocol, String(line.status));
    bySeries.set(series, (bySeries.get(series) ?? 0) + 1);
    const endedMs = Date.parse(line.time);
    if (books.kills.some(({ readMs, sentMs }) => endedMs >= readMs && endedMs <= sentMs + DEATH_MS))
      read.unreported += 1;
  }
  return read;
}

/** Takes a line of a call that ended with its worker; gives what is wrong with it. */
function readDeath({ requestId, time }: Line, entry: LedgerEntry, books: Books, read: ReadLines): string | undefined {
  read.died += 1;
  if (read.seen.has(requestId)) read.writtenTwice += 1;
  else if (entry.end !== "cut" && entry.end !== "left") read.answeredBefore += 1;
  const writtenMs = Date.parse(time);
  const isTrue = books.kills.some(({ sentMs, untilMs }) => writtenMs >= sentMs && writtenMs <= untilMs);
  return isTrue ? undefined : "a call is said to have ended with a worker while none was down";
}

/** What is wrong with a line that a worker wrote. */
function readEnd(line: Line, entry: LedgerEntry, seen: ReadonlySet<string>): string | undefined {
  if (seen.has(line.requestId)) return "a call has two lines";
  return isSame(line, entry) ? undefined : "audit and caller differ";
}

/** Within that a process that is sent SIGKILL writes its last line. */
const DEATH_MS = 100;

function isSame(line: Line, { protocol, transport, end }: LedgerEntry): boolean {
  if (line.protocol !== protocol) return false;
  // Whether the answer was on its way when the caller left or the connection broke, no caller knows.
  if (end === "left" || end === "cut") return true;
  return end === (transport === "http" ? line.status : line.grpcCode);
}

/** Gives how many lines are missing in the metrics. */
function compareMetrics({ metrics, faults }: Books, { bySeries, unreported }: ReadLines): number {
  const counted = new Map(
    metrics
      .filter(({ name }) => name === "bento_requests_total")
      .map(({ labels, value }) => [seriesOf(labels["api"], labels["protocol"], labels["status"]), value] as const),
  );
  let missing = 0;
  for (const series of new Set([...counted.keys(), ...bySeries.keys()])) {
    const [inAudit, inMetrics] = [bySeries.get(series) ?? 0, counted.get(series) ?? 0];
    if (inMetrics > inAudit)
      faults.add("metrics count more than the audit file", `${series}: ${inMetrics}, ${inAudit}`);
    missing += inAudit - inMetrics;
  }
  if (missing > unreported)
    faults.add("metrics count less than killed workers can have kept to themselves", `${missing}, ${unreported}`);
  const total = sumOf(metrics, "bento_requests_total");
  for (const name of ["bento_request_duration_seconds_count", "bento_auth_decisions_total"]) {
    const sum = sumOf(metrics, name);
    if (sum !== total) faults.add(`${name} differs from bento_requests_total`, `${sum}, ${total}`);
  }
  for (const name of ["bento_requests_in_progress", "bento_queue_rows", "bento_audit_dropped_total"]) {
    const value = sumOf(metrics, name);
    if (value !== 0) faults.add(`${name} is not 0 when all calls have ended`, String(value));
  }
  return missing;
}

function seriesOf(api = "", protocol = "", status = ""): string {
  return `${api} ${protocol} ${status}`;
}

function describe(id: string, { surface, kind, end }: LedgerEntry): string {
  return `${id} (${kind} over ${surface}: ${end})`;
}
