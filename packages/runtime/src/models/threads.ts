import type { RunPlace } from "./types.ts";

/**
 * Threads inside one run: the author's choice, otherwise one for a model that runs inline, all CPUs of the worker for a slow one.
 *
 * One thread is the fastest for small models: waking others costs more than they bring. `cpus` may be a fraction.
 */
export function threadsFor(place: RunPlace, cpus: number, chosen: number | undefined): number {
  if (chosen !== undefined) return chosen;
  return place === "inline" ? 1 : Math.max(1, Math.floor(cpus));
}

/**
 * Inference threads of a model for which one worker has room: the author's choice, otherwise as many as use its CPUs and those that the other workers leave
 * unused. Not whole where those are used in part.
 *
 * Not only its own: a caller with one connection, as most of gRPC, reaches one worker and would leave the others' CPUs idle.
 */
export function roomFor({ threadsOfRun, cpus, spareCpus, chosen }: PoolCpus): number {
  return chosen ?? Math.max(1, Math.floor(cpus / threadsOfRun), spareCpus / threadsOfRun);
}

export interface PoolCpus {
  readonly threadsOfRun: number;
  /** CPUs that fall to the worker. */
  readonly cpus: number;
  /** CPUs of the server less what its other workers use. */
  readonly spareCpus: number;
  readonly chosen: number | undefined;
}
