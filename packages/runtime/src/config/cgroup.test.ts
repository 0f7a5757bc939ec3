import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  availableCpus,
  availableMemoryBytes,
  parseCfsQuota,
  parseCpuMax,
  parseMembership,
  parseMemoryLimit,
  resolveWorkers,
} from "./cgroup.ts";
import { loadConfig } from "./load-config.ts";

let rootDir: string;
beforeEach(async () => {
  rootDir = await mkdtemp(join(tmpdir(), "bento-cgroup-"));
});
afterEach(() => rm(rootDir, { recursive: true }));

/** A machine whose /proc and /sys hold these files. */
async function machine(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(rootDir, path)), { recursive: true });
    await writeFile(join(rootDir, path), text);
  }
}

const MIB = 1024 * 1024;
const cpus = (hostCpus = 16): number => availableCpus({ rootDir, hostCpus });
const memory = (hostBytes = 8192 * MIB): number => availableMemoryBytes({ rootDir, hostBytes });

describe("cgroup v2", () => {
  it("bounds CPUs and memory of a container that sees its cgroup as the top", async () => {
    await machine({
      "proc/self/cgroup": "0::/\n",
      "sys/fs/cgroup/cpu.max": "250000 100000\n",
      "sys/fs/cgroup/memory.max": "536870912\n",
    });
    expect(cpus()).toBe(2);
    expect(memory()).toBe(512 * MIB);
  });

  it("takes the tightest limit on the way to the top", async () => {
    await machine({
      "proc/self/cgroup": "0::/user.slice/app\n",
      "sys/fs/cgroup/user.slice/app/cpu.max": "max 100000\n",
      "sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
      "sys/fs/cgroup/user.slice/app/memory.max": "1073741824\n",
      "sys/fs/cgroup/user.slice/memory.max": "536870912\n",
    });
    expect(cpus()).toBe(3);
    expect(memory()).toBe(512 * MIB);
  });

  it("finds the mount's top when the path is the host's", async () => {
    await machine({ "proc/self/cgroup": "0::/kubepods/pod1/abc\n", "sys/fs/cgroup/cpu.max": "400000 100000\n" });
    expect(cpus()).toBe(4);
  });

  it("stays under the mount when the path climbs out of it", async () => {
    await machine({
      "proc/self/cgroup": "0::/../..\n",
      "sys/fs/cgroup/cpu.max": "400000 100000\n",
      "sys/cpu.max": "100000 100000\n",
    });
    expect(cpus()).toBe(4);
  });
});

describe("cgroup v1", () => {
  it("bounds CPUs and memory by the hierarchies of their controllers", async () => {
    await machine({
      "proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n3:cpuset:/\n0::/\n",
      "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "350000\n",
      "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "268435456\n",
    });
    expect(cpus()).toBe(3);
    expect(memory()).toBe(256 * MIB);
  });

  it("takes its numbers for no limit as none", async () => {
    await machine({
      "proc/self/cgroup": "2:memory:/\n1:cpu:/\n",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    });
    expect(cpus()).toBe(16);
    expect(memory()).toBe(8192 * MIB);
  });

  it("does not take cpuset or cpuacct for cpu", async () => {
    await machine({
      "proc/self/cgroup": "2:cpuset:/\n1:cpuacct:/\n",
      "sys/fs/cgroup/cpuset/cpu.cfs_quota_us": "100000\n",
      "sys/fs/cgroup/cpuset/cpu.cfs_period_us": "100000\n",
    });
    expect(cpus()).toBe(16);
  });
});

describe("any machine", () => {
  it("has at least one CPU, however small the quota", async () => {
    await machine({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "10000 100000\n" });
    expect(cpus()).toBe(1);
  });

  it("has no more than the host has", async () => {
    await machine({
      "proc/self/cgroup": "0::/\n",
      "sys/fs/cgroup/cpu.max": "6400000 100000\n",
      "sys/fs/cgroup/memory.max": "99999999999999\n",
    });
    expect(cpus(2)).toBe(2);
    expect(memory(64 * MIB)).toBe(64 * MIB);
  });

  it("without cgroups has what the host has", () => {
    expect(cpus(6)).toBe(6);
    expect(memory()).toBe(8192 * MIB);
  });

  it("gives whole numbers within the host's on the machine of this test", () => {
    expect(Number.isInteger(availableCpus())).toBe(true);
    expect(availableCpus()).toBeGreaterThanOrEqual(1);
    expect(availableCpus()).toBeLessThanOrEqual(availableParallelism());
    expect(availableMemoryBytes()).toBeGreaterThan(0);
    expect(availableMemoryBytes()).toBeLessThanOrEqual(totalmem());
  });
});

describe("parsers", () => {
  it.each([
    ["150000 100000\n", 1.5],
    ["max 100000\n", Infinity],
    ["0 100000\n", Infinity],
    ["100000 0\n", Infinity],
    ["100000\n", Infinity],
    ["-5 100000\n", Infinity],
    ["nonsense", Infinity],
    ["", Infinity],
  ])("read cpu.max %j as %d CPUs", (text, expected) => {
    expect(parseCpuMax(text)).toBe(expected);
  });

  it("read quota and period", () => {
    expect(parseCfsQuota("50000\n", "100000\n")).toBe(0.5);
    expect(parseCfsQuota("-1\n", "100000\n")).toBe(Infinity);
    expect(parseCfsQuota("", "")).toBe(Infinity);
  });

  it("read memory limits", () => {
    expect(parseMemoryLimit("1024\n")).toBe(1024);
    expect(parseMemoryLimit("max\n")).toBe(Infinity);
    expect(parseMemoryLimit("")).toBe(Infinity);
  });

  it("read membership lines, paths with colons too", () => {
    expect(parseMembership("3:cpu,cpuacct:/a:b\n1:name=systemd:/x\n0::/\ngarbage\n", "cpu")).toEqual([
      { mount: "cpu,cpuacct", path: "/a:b" },
      { mount: "cpu", path: "/a:b" },
      { mount: "", path: "/" },
      { mount: "unified", path: "/" },
    ]);
  });
});

describe("resolveWorkers", () => {
  it("takes the number given, or one for each CPU", async () => {
    const two = await loadConfig({ env: { BENTO_SERVER_WORKERS: "2" } });
    const auto = await loadConfig({ env: {} });
    expect(resolveWorkers(two.config, 8)).toBe(2);
    expect(resolveWorkers(auto.config, 8)).toBe(8);
    expect(resolveWorkers(auto.config, 0)).toBe(1);
  });
});
