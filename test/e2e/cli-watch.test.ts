import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bin, gather, makeProject, put, start } from "../support/run-command.ts";
import { eventually as within } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const service = (factor: string): string => `
import { api, service, t } from "@bento-ts/runtime";
import { FACTOR } from "./factor.ts";
@service({ name: "echo" })
export class Echo {
  @api({ input: t.Number(), output: t.Number() })
  async times(n: number): Promise<number> { return ${factor} * n; }
}`;

const children: ChildProcess[] = [];
const dirs: string[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    await closed;
  }
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const eventually = <T>(probe: () => Promise<T | undefined>): Promise<T> => within(probe, 60_000);

interface Watched {
  readonly dir: string;
  readonly child: ChildProcess;
  output(): string;
  /** The last URL that was announced, once the answer to 2 is this. */
  answers(expected: number): Promise<string>;
}

function watch(files: Readonly<Record<string, string>>): Watched {
  const dir = makeProject({ "package.json": '{"type":"module"}', ...files });
  dirs.push(dir);
  const args = [bin, "serve", dir, "--watch", "--port", "0", "--admin-port", "0", "--workers", "1"];
  const child = start(process.execPath, args, { env: { BENTO_TELEMETRY_LOG_FORMAT: "json" } });
  children.push(child);
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
  const times = async (url: string): Promise<unknown> => {
    const init = { method: "POST", body: "2", headers: { "content-type": "application/json" } };
    return (await fetch(`${url}/times`, init)).json();
  };
  return {
    dir,
    child,
    output: () => stdout() + stderr(),
    answers: (expected) =>
      eventually(async () => {
        const url = [...stdout().matchAll(/"url":"([^"]+)"/g)].at(-1)?.[1] ?? "";
        return (await times(url)) === expected ? url : undefined;
      }),
  };
}

describe("bento-ts serve --watch", () => {
  it("serves what the file says now, also when another file of the project changes", async () => {
    const watched = watch({ "service.ts": service("FACTOR"), "factor.ts": "export const FACTOR = 2;\n" });
    const before = await watched.answers(4);
    put(watched.dir, { "factor.ts": "export const FACTOR = 5;\n" });
    await watched.answers(10);
    expect(watched.output()).toContain("factor.ts changed, starting anew");
    // The one before it is gone.
    await expect(fetch(before)).rejects.toThrow("fetch failed");
  });

  it("shows the error of a broken edit and goes on with the next one", async () => {
    const watched = watch({ "service.ts": service("FACTOR"), "factor.ts": "export const FACTOR = 2;\n" });
    await watched.answers(4);
    put(watched.dir, { "service.ts": service("(((") });
    await eventually(async () => (watched.output().includes("waiting for a change") ? true : undefined));
    expect(watched.output()).toMatch(/error: service\.ts can't be loaded: service\.ts:7:\d+: /);
    put(watched.dir, { "service.ts": service("3") });
    await watched.answers(6);
  });

  it("waits for a change when the first start fails", async () => {
    const watched = watch({ "service.ts": service("FACTOR") });
    await eventually(async () => (watched.output().includes("waiting for a change") ? true : undefined));
    put(watched.dir, { "factor.ts": "export const FACTOR = 4;\n" });
    expect(await watched.answers(8)).toMatch(/^http:/);
  });

  it("stops with its server, and the server stops with it", async () => {
    const watched = watch({ "service.ts": service("2").replace(/import .*factor.*\n/, "") });
    const url = await watched.answers(4);
    const closed = once(watched.child, "close");
    watched.child.kill("SIGINT");
    const [code] = (await closed) as [number];
    expect(code).toBe(0);
    await expect(fetch(url)).rejects.toThrow("fetch failed");

    const killed = watch({ "service.ts": service("2").replace(/import .*factor.*\n/, "") });
    const orphan = await killed.answers(4);
    killed.child.kill("SIGKILL");
    await eventually(async () =>
      fetch(orphan).then(
        () => undefined,
        () => true,
      ),
    );
  });
});
