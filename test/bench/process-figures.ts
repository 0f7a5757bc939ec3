import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** CPU time and memory of a process and all of its descendants, read from /proc (Linux only). */
export interface ProcessFigures {
  readonly cpuSeconds: number;
  /** Resident memory of all of them together, in bytes. */
  readonly rssBytes: number;
  /** The sum of the most that each of them has had since its start or `forgetPeak`. */
  readonly peakBytes: number;
}

/** The kernel's clock tick and page size on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Reads the figures of `pid` and its descendants, threads included. */
export function figuresOf(pid: number): ProcessFigures {
  let cpuTicks = 0;
  let pages = 0;
  let peakBytes = 0;
  for (const member of familyOf(pid)) {
    const fields = statOf(member);
    if (fields === undefined) continue;
    cpuTicks += Number(fields[11]) + Number(fields[12]);
    pages += Number(fields[21]);
    peakBytes += 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${member}/status`, "utf8"))?.[1]);
  }
  return { cpuSeconds: cpuTicks / TICKS_PER_SECOND, rssBytes: pages * PAGE_BYTES, peakBytes };
}

/** Lets the peak of `pid` and its descendants begin at what they have now. */
export function forgetPeak(pid: number): void {
  for (const member of familyOf(pid)) writeFileSync(`/proc/${member}/clear_refs`, "5");
}

/** A process and all of its descendants. */
export function familyOf(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(statOf(Number(name))?.[1]));
  }
  const family = [root];
  for (let at = 0; at < family.length; at += 1) {
    for (const [pid, parent] of parents) if (parent === family[at]) family.push(pid);
  }
  return family;
}

/** Fields of /proc/PID/stat after the name, which may itself hold spaces and brackets; [0] is the state. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
