import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import type { Config } from "./types.ts";

/** CPUs that this process may use: the host's, less where a cgroup's quota says so; a whole number, at least 1. */
export function availableCpus({ rootDir = "/", hostCpus = availableParallelism() } = {}): number {
  const quotas = cgroupDirs(rootDir, "cpu").flatMap((dir) => [
    parseCpuMax(read(dir, "cpu.max")),
    parseCfsQuota(read(dir, "cpu.cfs_quota_us"), read(dir, "cpu.cfs_period_us")),
  ]);
  return Math.max(1, Math.min(hostCpus, Math.floor(Math.min(...quotas))));
}

/** Memory in bytes that this process may use: the host's, less where a cgroup's limit says so. */
export function availableMemoryBytes({ rootDir = "/", hostBytes = totalmem() } = {}): number {
  const limits = cgroupDirs(rootDir, "memory").flatMap((dir) => [
    parseMemoryLimit(read(dir, "memory.max")),
    parseMemoryLimit(read(dir, "memory.limit_in_bytes")),
  ]);
  return Math.min(hostBytes, ...limits);
}

/** Worker processes to run; `auto` is one for each CPU. */
export function resolveWorkers(config: Config, cpus: number): number {
  return config.server.workers === "auto" ? Math.max(1, Math.floor(cpus)) : config.server.workers;
}

/** CPUs of one of several workers, at least one. */
export function cpusOfWorker(cpus: number, workers: number): number {
  return Math.max(1, Math.floor(cpus / workers));
}

/** CPUs by cgroup v2's `cpu.max`: "150000 100000" is 1.5, "max 100000" infinity. Source: kernel documentation, cgroup-v2, "cpu.max". */
export function parseCpuMax(text: string): number {
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(text) ?? [];
  return ratio(quota, period);
}

/** CPUs by cgroup v1's quota and period, where a quota of -1 is infinity. Source: kernel documentation, "CFS Bandwidth Control". */
export function parseCfsQuota(quota: string, period: string): number {
  return ratio(/^(\d+)\s*$/.exec(quota)?.[1], /^(\d+)\s*$/.exec(period)?.[1]);
}

/** Bytes by `memory.max` or `memory.limit_in_bytes`; "max" is infinity, and so in effect is v1's largest number. */
export function parseMemoryLimit(text: string): number {
  const bytes = Number(/^(\d+)\s*$/.exec(text)?.[1] ?? 0);
  return bytes > 0 ? bytes : Infinity;
}

/** The paths of `/proc/self/cgroup` that decide about a controller: v1's of that controller, and v2's. */
export function parseMembership(text: string, controller: string): readonly CgroupPath[] {
  return text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    // v2 is mounted at the top, or beside v1 in "unified"; a v1 hierarchy under the names of its controllers.
    if (controllers === "") return ["", "unified"].map((mount) => ({ mount, path }));
    const names = controllers.split(",");
    return names.includes(controller) ? [...new Set([controllers, controller])].map((mount) => ({ mount, path })) : [];
  });
}

interface CgroupPath {
  /** Folder under /sys/fs/cgroup. */
  readonly mount: string;
  readonly path: string;
}

/** A process is bound by its own cgroup and by all above it; in a container the path may be the host's, then only the mount's top is there. */
function cgroupDirs(rootDir: string, controller: string): readonly string[] {
  const found = parseMembership(read(rootDir, "proc/self/cgroup"), controller);
  return found.flatMap(({ mount, path }) => {
    const segments = path.split("/").filter((segment) => segment !== "" && segment !== "..");
    return [...segments, ""].map((_, depth) => join(rootDir, "sys/fs/cgroup", mount, ...segments.slice(0, depth)));
  });
}

function ratio(quota: string | undefined, period: string | undefined): number {
  const cpus = Number(quota ?? 0) / Number(period ?? 0);
  return Number.isFinite(cpus) && cpus > 0 ? cpus : Infinity;
}

/** A file's text, "" where there is none: which files exist tells the version of cgroups and whether a limit is set. */
function read(dir: string, name: string): string {
  try {
    return readFileSync(join(dir, name), "utf8");
  } catch {
    return "";
  }
}
