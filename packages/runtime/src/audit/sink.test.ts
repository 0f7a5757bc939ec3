import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { AuditRecord } from "./record.ts";
import { openFileTarget } from "./file-target.ts";
import { type AuditSink, createAuditSink } from "./sink.ts";

const folders: string[] = [];
const tempFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "bento-sink-"));
  folders.push(folder);
  return join(folder, "audit.jsonl");
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const openAuditSink = (options: {
  readonly sink: string;
  readonly mode: "drop" | "block" | "strict";
  now(): number;
  readonly onTrouble?: (reason: unknown) => void;
  readonly onLost?: (count: number) => void;
}): AuditSink => {
  const { mode, onLost = () => undefined } = options;
  return createAuditSink({ targets: [openFileTarget(options)], mode, onLost });
};

const recordOf = (userAgent: string): AuditRecord => ({
  time: "2026-01-02T03:04:05.006Z",
  requestId: "r",
  traceId: null,
  protocol: "native",
  method: "POST",
  route: "/x",
  function: "x",
  service: "s",
  version: "1.0.0",
  principal: null,
  issuer: null,
  authMethod: null,
  clientId: null,
  credentialId: null,
  peerIp: "127.0.0.1",
  clientIp: "127.0.0.1",
  decision: "allow",
  reason: null,
  rule: null,
  status: 200,
  grpcCode: null,
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 1,
  userAgent,
  level: "metadata",
});
const record = (userAgent: string): string => JSON.stringify(recordOf(userAgent));
const agentsOf = (text: string): unknown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as AuditRecord).userAgent);

describe("createAuditSink over a file", () => {
  it("appends a line for each record to a file that its owner alone reads", async () => {
    const file = tempFile();
    const sink = openAuditSink({ sink: file, mode: "drop", now: () => 0 });
    const settled: string[] = [];
    expect(sink.write(record("a"), () => settled.push("a"))).toBe(true);
    expect(sink.write(record("b"), () => settled.push("b"))).toBe(true);
    // Under drop the lines of one turn of the event loop go out in one write.
    expect([readFileSync(file, "utf8"), settled]).toEqual(["", []]);
    await nextTurn();
    expect([agentsOf(readFileSync(file, "utf8")), settled]).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    await sink.close();
    expect(agentsOf(readFileSync(file, "utf8"))).toEqual(["a", "b"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("escapes what would end a line or steer a terminal", async () => {
    const file = tempFile();
    const sink = openAuditSink({ sink: file, mode: "drop", now: () => 0 });
    const text = 'a\n\r\u0085\u2028\u2029\u009b31m\u007f\0"b';
    void sink.write(record(text));
    await sink.close();
    const written = readFileSync(file, "utf8");
    expect(agentsOf(written)).toEqual([text]);
    expect(written).toContain(String.raw`a\n\r\u0085\u2028\u2029\u009b31m\u007f\u0000\"b`);
  });

  it("follows a file that was renamed, within a second", async () => {
    const file = tempFile();
    let nowMs = 0;
    const sink = openAuditSink({ sink: file, mode: "drop", now: () => nowMs });
    void sink.write(record("a"));
    await nextTurn();
    renameSync(file, `${file}.1`);
    void sink.write(record("b"));
    await nextTurn();
    nowMs = 1_000;
    void sink.write(record("c"));
    await sink.close();
    expect(agentsOf(readFileSync(`${file}.1`, "utf8"))).toEqual(["a", "b"]);
    expect(agentsOf(readFileSync(file, "utf8"))).toEqual(["c"]);
  });

  it("writes on into the file that is open when a new one can't be made", async () => {
    const file = tempFile();
    let nowMs = 0;
    const sink = openAuditSink({ sink: file, mode: "strict", now: () => nowMs });
    renameSync(file, `${file}.1`);
    const folder = join(file, "..");
    chmodSync(folder, 0o500);
    nowMs = 1_000;
    expect(sink.write(record("a"))).toBe(true);
    chmodSync(folder, 0o700);
    await sink.close();
    // Whoever runs the tests as root is let in anyway.
    const written = existsSync(file) ? file : `${file}.1`;
    expect(agentsOf(readFileSync(written, "utf8"))).toEqual(["a"]);
  });

  it("says of a full disk that a record is lost under drop, and that the call is refused under strict", async () => {
    let lost = 0;
    const drop = openAuditSink({ sink: "/dev/full", mode: "drop", now: () => 0, onLost: (count) => (lost += count) });
    expect([drop.write(record("a")), drop.write(record("b"))]).toEqual([true, true]);
    await nextTurn();
    expect([drop.blocked, lost]).toEqual([false, 2]);
    await drop.close();
    const strict = openAuditSink({ sink: "/dev/full", mode: "strict", now: () => 0 });
    expect(strict.blocked).toBe(false);
    expect(strict.write(record("a"))).toBe(false);
    expect(strict.blocked).toBe(true);
    await strict.close();
  });

  it("loses no record but the one that was cut off by a full disk, and goes on when there is room", async () => {
    const file = tempFile();
    const modules = ["sink.ts", "file-target.ts"].map((name) => new URL(name, import.meta.url).href);
    // The limit of a file's size stands for the size of the disk: it can be lifted from outside while the process runs.
    const script = `
      import { execFileSync } from "node:child_process";
      const [{ createAuditSink }, { openFileTarget }] = await Promise.all(${JSON.stringify(modules)}.map((url) => import(url)));
      const base = ${JSON.stringify(recordOf(""))};
      const targets = [openFileTarget({ sink: ${JSON.stringify(file)}, now: () => 0 })];
      const sink = createAuditSink({ targets, mode: "strict" });
      const outcomes = [1, 2, 3].map((number) => sink.write(JSON.stringify({ ...base, userAgent: "before " + number })));
      execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited"]);
      outcomes.push(sink.blocked, sink.write(JSON.stringify({ ...base, userAgent: "after" })));
      process.stdout.write(JSON.stringify(outcomes));
    `;
    const output = execFileSync(
      "prlimit",
      ["--fsize=700:unlimited", process.execPath, "--input-type=module", "--eval", script],
      { encoding: "utf8" },
    );
    expect(JSON.parse(output)).toEqual([true, false, false, false, true]);
    const [first, torn, retry, after, rest] = readFileSync(file, "utf8").split("\n");
    expect(JSON.parse(first ?? "")).toMatchObject({ userAgent: "before 1" });
    expect(() => JSON.parse(torn ?? "") as unknown).toThrow(SyntaxError);
    expect(JSON.parse(retry ?? "")).toMatchObject({ event: "audit_retry" });
    expect(JSON.parse(after ?? "")).toMatchObject({ userAgent: "after" });
    expect(rest).toBe("");
  });

  it("counts the lines of a batch that a full disk has no room for, and no others", async () => {
    const file = tempFile();
    const modules = ["sink.ts", "file-target.ts"].map((name) => new URL(name, import.meta.url).href);
    const script = `
      import { execFileSync } from "node:child_process";
      import { setImmediate as nextTurn } from "node:timers/promises";
      const [{ createAuditSink }, { openFileTarget }] = await Promise.all(${JSON.stringify(modules)}.map((url) => import(url)));
      const targets = [openFileTarget({ sink: ${JSON.stringify(file)}, now: () => 0 })];
      let lost = 0;
      const sink = createAuditSink({ targets, mode: "drop", onLost: (count) => (lost += count) });
      // Lines of 10 bytes, into a file of 25.
      for (const name of ["aaaa", "bbbb", "cccc", "dddd"]) sink.write(JSON.stringify([name]) + " ");
      await nextTurn();
      execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited"]);
      for (const name of ["eeee", "ffff"]) sink.write(JSON.stringify([name]) + " ");
      await sink.close();
      process.stdout.write(String(lost));
    `;
    const lost = execFileSync(
      "prlimit",
      ["--fsize=25:unlimited", process.execPath, "--input-type=module", "--eval", script],
      { encoding: "utf8" },
    );
    expect(lost).toBe("2");
    expect(readFileSync(file, "utf8")).toBe('["aaaa"] \n["bbbb"] \n["ccc\n["eeee"] \n["ffff"] \n');
  });

  it("tells once when records can't be written, with the reason, and once when they can be again", async () => {
    const folder = join(tempFile(), "..");
    const file = join(folder, "audit.jsonl");
    symlinkSync("/dev/full", file);
    const told: unknown[] = [];
    let nowMs = 0;
    const sink = openAuditSink({
      sink: file,
      mode: "drop",
      now: () => nowMs,
      onTrouble: (reason) => told.push(reason),
    });
    void [sink.write(record("a")), sink.write(record("b"))];
    await nextTurn();
    expect(told).toEqual([expect.objectContaining({ code: "ENOSPC" })]);

    rmSync(file);
    nowMs = 1_000;
    void [sink.write(record("c")), sink.write(record("d"))];
    await nextTurn();
    expect(told.slice(1)).toEqual([undefined]);
    await sink.close();
  });

  it("refuses to start with a file that can't be opened, naming the key", async () => {
    expect(() => openAuditSink({ sink: "/nowhere/at/all", mode: "drop", now: () => 0 })).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringContaining("security.audit.file") }),
    );
  });
});
