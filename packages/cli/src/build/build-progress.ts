import type { BuildEvent } from "@bento-ts/packager";
import { SingleBar } from "cli-progress";
import { createPaint, printable } from "../output.ts";

/** Shows on standard error how far a build is, and takes the time of its steps; standard output is the report's. */
export interface BuildProgress {
  readonly onEvent: (event: BuildEvent) => void;
  /** Takes a bar off the screen and gives the time of each step, in milliseconds; the first call counts. */
  stop(): readonly StepTime[];
}

export interface StepTime {
  readonly step: string;
  readonly ms: number;
}

type TaskEvent = Exclude<BuildEvent, { kind: "step" | "line" }>;

/** What is done with the bytes or files of a task. */
const TASKS = {
  bundle: "bundling",
  hash: "hashing",
  layer: "compressing",
  pull: "pulling",
  push: "pushing",
} as const satisfies Record<TaskEvent["task"], string>;

/**
 * Bars on a terminal, plain lines elsewhere: one for each step, and one for a task with many bytes when it begins. `isQuiet` shows nothing.
 */
export function createBuildProgress({
  isQuiet,
  stream = process.stderr,
  nowMs = () => performance.now(),
}: {
  readonly isQuiet: boolean;
  readonly stream?: NodeJS.WriteStream;
  readonly nowMs?: () => number;
}): BuildProgress {
  const paint = createPaint(stream);
  const times: { readonly step: string; ms: number }[] = [];
  let startedMs = nowMs();
  let bar: { readonly name: string; readonly line: SingleBar } | undefined;
  let isStopped = false;
  const endStep = (): void => {
    const last = times.at(-1);
    if (last !== undefined && !isStopped) last.ms = Math.round(nowMs() - startedMs);
    startedMs = nowMs();
  };
  const endBar = (): void => {
    bar?.line.stop();
    bar = undefined;
  };
  const write = (text: string): void => {
    if (isQuiet) return;
    endBar();
    stream.write(`${paint.dim(printable(text))}\n`);
  };
  const showTask = (event: TaskEvent): void => {
    if (isQuiet) return;
    const { done, total, amount } = amountsOf(event);
    const label = printable(`${TASKS[event.task]} ${shortName(event.name)}`);
    if (!stream.isTTY) {
      if (done === 0 && event.kind === "bytes" && total >= LARGE_BYTES) write(`  ${label}, ${amount(total)}`);
      return;
    }
    if (bar?.name !== label) {
      endBar();
      bar = { name: label, line: createBar(label, stream) };
      bar.line.start(total, done, { done: amount(done), all: amount(total) });
    }
    bar.line.update(done, { done: amount(done) });
    if (done >= total) endBar();
  };
  return {
    onEvent(event) {
      if (event.kind === "bytes" || event.kind === "files") return showTask(event);
      if (event.kind === "line") return write(`  ${event.text}`);
      endStep();
      times.push({ step: event.text, ms: 0 });
      write(`${event.text} …`);
    },
    stop() {
      endBar();
      endStep();
      isStopped = true;
      return times;
    },
  };
}

/** Less is done before anybody has read of it, in bytes. */
const LARGE_BYTES = 10_000_000;
const DIGEST = /^sha256:([0-9a-f]{12})[0-9a-f]*$/;

function shortName(name: string): string {
  return DIGEST.exec(name)?.[1] ?? name;
}

function createBar(label: string, stream: NodeJS.WriteStream): SingleBar {
  return new SingleBar({
    format: `  ${label} {bar} {percentage}% {done} of {all}`,
    stream,
    clearOnComplete: true,
    hideCursor: true,
  });
}

interface Amounts {
  readonly done: number;
  readonly total: number;
  /** One of the two as people read it. */
  readonly amount: (value: number) => string;
}

function amountsOf(event: TaskEvent): Amounts {
  if (event.kind === "files")
    return { done: event.doneFiles, total: event.totalFiles, amount: (value) => `${value} files` };
  return { done: event.doneBytes, total: event.totalBytes, amount: (value) => `${(value / 1_000_000).toFixed(1)} MB` };
}
