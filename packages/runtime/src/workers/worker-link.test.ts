import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PATIENT, SLOW, begin, call } from "./testing/harness.ts";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Running extends Disposable {
  readonly child: ChildProcess;
  readonly port: number;
  readonly pids: readonly number[];
}

/** A supervisor in a process group of its own, with two workers. */
async function startSupervisor(): Promise<Running> {
  const child = spawn(process.execPath, [path("./testing/supervisor.fixture.ts")], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) => {
    child.stdout.setEncoding("utf8").once("data", resolve);
  });
  const { port, pids } = JSON.parse(line);
  return {
    child,
    port,
    pids,
    [Symbol.dispose]: () =>
      pids
        .concat(child.pid)
        .filter(isAlive)
        .forEach((pid: number) => process.kill(pid, "SIGKILL")),
  };
}

const untilExit = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once("exit", resolve));

describe("connectWorker", SLOW, () => {
  it("refuses a process that no supervisor started", () => {
    const program = `const { connectWorker } = await import(${JSON.stringify(path("./worker-link.ts"))}); connectWorker({});`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(stderr).toContain("a worker is started by the server, not by hand");
  });

  it("ends when its supervisor is killed, once it has answered what runs", async () => {
    using running = await startSupervisor();
    const answering = begin(running.port, "/until-drain");
    await answering.begun;
    process.kill(Number(running.child.pid), "SIGKILL");
    expect(await answering.outcome).toMatchObject({ status: 200, body: "begun ended" });
    await expect.poll(() => running.pids.filter(isAlive), PATIENT).toEqual([]);
  });

  it("ends when its supervisor is killed, even with a call that never ends", async () => {
    using running = await startSupervisor();
    const never = [begin(running.port, "/never"), begin(running.port, "/never")];
    await Promise.all(never.map(({ begun }) => begun));
    process.kill(Number(running.child.pid), "SIGKILL");
    expect(await Promise.all(never.map(({ outcome }) => outcome))).toEqual([
      { error: "ECONNRESET" },
      { error: "ECONNRESET" },
    ]);
    await expect.poll(() => running.pids.filter(isAlive), PATIENT).toEqual([]);
  });

  it("leaves signals that the whole group gets to its supervisor", async () => {
    using running = await startSupervisor();
    const answering = begin(running.port, "/until-drain");
    await answering.begun;
    const exited = untilExit(running.child);
    process.kill(-Number(running.child.pid), "SIGTERM");
    expect(await answering.outcome).toMatchObject({ status: 200, body: "begun ended" });
    expect(await exited).toBe(0);
    expect(running.pids.filter(isAlive)).toEqual([]);
  });

  it("takes no harm from a signal of its own", async () => {
    using running = await startSupervisor();
    for (const pid of running.pids) process.kill(pid, "SIGTERM");
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => call(running.port, "/")));
    expect(outcomes.map((outcome) => "status" in outcome && outcome.status)).toEqual([200, 200, 200, 200]);
    expect(running.pids.filter(isAlive)).toEqual(running.pids);
  });
});
