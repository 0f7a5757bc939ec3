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
 * Most inference threads of a model in one worker: the author's choice, otherwise as many as use all CPUs of the server.
 *
 * Not only the worker's: a caller with one connection, as most of gRPC, reaches one worker and would leave the others' CPUs idle.
 */
export function poolFor(threadsOfRun: number, serverCpus: number, chosen: number | undefined): number {
  return chosen ?? Math.max(1, Math.floor(serverCpus / threadsOfRun));
}
