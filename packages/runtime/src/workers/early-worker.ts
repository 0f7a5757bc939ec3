import { startWorkerProcess, type WorkerEvents, type WorkerProcess, type WorkerProgram } from "./worker-process.ts";

/** A worker process that was started before it is known what it will serve: it loads its own code while its supervisor reads configuration and service. */
export interface EarlyWorker {
  readonly pid: number | undefined;
  /** Hands the process over, with all that was heard of it so far; undefined when that was done before. */
  take(events: WorkerEvents): WorkerProcess | undefined;
  /** Ends the process unless it was taken. */
  discard(): void;
}

/** Starts a worker process whose life is decided later. */
export function startEarlyWorker(program: WorkerProgram): EarlyWorker {
  const heard: ((events: WorkerEvents) => void)[] = [];
  let isTaken = false;
  let owner: WorkerEvents | undefined;
  const tell = (report: (events: WorkerEvents) => void): void => {
    if (owner === undefined) heard.push(report);
    else report(owner);
  };
  const process = startWorkerProcess(program, {
    message: (message) => tell((events) => events.message(message)),
    ended: (end) => tell((events) => events.ended(end)),
  });
  return {
    pid: process.pid,
    take(events) {
      if (isTaken) return undefined;
      isTaken = true;
      // In a later turn, as from a process that is started now: its new owner holds it by then.
      setImmediate(() => {
        owner = events;
        for (const report of heard.splice(0)) report(events);
      });
      return process;
    },
    discard() {
      if (!isTaken) process.kill();
    },
  };
}
