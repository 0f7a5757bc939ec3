import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { closeGate, Gated, seen } from "./gated.ts";
import { Mirror } from "./mirror.ts";
import { type RawExchange, sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";

const folder = mkdtempSync(join(tmpdir(), "bento-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly time: string;
  readonly requestId: string;
  readonly route: string;
  readonly function: string | null;
  readonly decision: string;
  readonly reason: string | null;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number | null;
  readonly userAgent: string | null;
  readonly tags?: Record<string, string>;
  readonly queryNames?: readonly string[];
}

/** A server that keeps records, and the lines that it has written. */
async function startRecorded(
  name: string,
  serviceClass: new () => object,
): Promise<{ victim: RunningVictim; text: () => string; lines: () => Line[] }> {
  const file = join(folder, name);
  const victim = await startVictim(serviceClass, { BENTO_SECURITY_AUDIT_FILE: file });
  const text = (): string => readFileSync(file, "utf8");
  const lines = (): Line[] => {
    expect(text().endsWith("\n") || text() === "").toBe(true);
    return text()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  };
  return { victim, text, lines };
}

function sender(
  port: () => number,
): (path: string, body: string, headers?: readonly (readonly [string, string])[]) => Promise<RawExchange> {
  return (path, body, headers = []) =>
    sendRaw(toWire({ path, headers: [["content-type", "application/json"], ...headers], body }), { port: port() });
}

describe("the record of a call", () => {
  let recorded: Awaited<ReturnType<typeof startRecorded>>;
  beforeAll(async () => {
    recorded = await startRecorded("gated.jsonl", Gated);
  });
  afterAll(() => recorded.victim.stop());
  beforeEach(closeGate);
  const post = sender(() => recorded.victim.port);
  const last = (): Line | undefined => recorded.lines().at(-1);

  it("is one line for each call, whatever becomes of it", async () => {
    const { victim, lines } = recorded;
    seen.gate.resolve();
    await post("/work", "7");
    expect(lines().length).toBe(1);
    expect(last()).toMatchObject({
      route: "/work",
      function: "work",
      decision: "allow",
      reason: null,
      status: 200,
      bytesIn: 1,
      bytesOut: 1,
    });
    await post("/work", '"oops"');
    expect(last()).toMatchObject({ decision: "error", reason: "INVALID_ARGUMENT", status: 400, bytesIn: 6 });
    await post("/work", "[");
    expect(last()).toMatchObject({ status: 400, bytesIn: 1 });
    await post("/work", "1", [["accept", "text/html"]]);
    expect(last()).toMatchObject({ reason: "NOT_ACCEPTABLE", status: 406, bytesIn: 0 });
    await post("/work", "1", [["x-request-timeout-ms", "x"]]);
    expect(last()).toMatchObject({ reason: "INVALID_ARGUMENT", status: 400 });
    await post("/work", "x", [["content-length", "99999999999"]]);
    expect(last()).toMatchObject({ reason: "PAYLOAD_TOO_LARGE", status: 413 });
    await post("/broken", "0");
    expect(last()).toMatchObject({ function: "broken", decision: "error", reason: "INTERNAL", status: 500 });
    await post("/stuck", "1");
    expect(last()).toMatchObject({ function: "stuck", decision: "allow", status: 200 });
    closeGate();
    await post("/work", "1", [["x-request-timeout-ms", "20"]]);
    expect(last()).toMatchObject({ reason: "DEADLINE_EXCEEDED", status: 504 });
    seen.gate.resolve();
    expect(lines().length).toBe(9);
    await vi.waitFor(() => expect(victim.admission.running).toBe(0));
  });

  it.each([
    ["while its body is read", "/work", 100, "[1,"],
    ["while it runs", "/work", 1, "1"],
    ["before the first value of its stream", "/late", 1, "1"],
    ["in the middle of its stream", "/stuck", 1, "1"],
    ["in the middle of a stream that it does not read", "/flow", 6, "100000"],
  ])("is one line for a caller that leaves %s", async (_name, path, length, body) => {
    const before = recorded.lines().length;
    const socket = net.connect(recorded.victim.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
    );
    await vi.waitFor(() => expect(recorded.victim.admission.running + recorded.victim.admission.waiting).toBe(1));
    if (path === "/stuck") await vi.waitFor(() => expect(seen.signals.length).toBe(1));
    if (path === "/flow") await vi.waitFor(() => expect(seen.pulled).toBeGreaterThan(1));
    socket.destroy();
    await vi.waitFor(() => expect(recorded.lines().length).toBe(before + 1));
    expect(last()).toMatchObject({ decision: "error", reason: "CANCELLED", status: 499 });
    seen.gate.resolve();
    await vi.waitFor(() => expect(recorded.victim.admission.running).toBe(0));
    expect(recorded.lines().length).toBe(before + 1);
  });

  it("can be read by its owner only", () => {
    expect(statSync(join(folder, "gated.jsonl")).mode & 0o777).toBe(0o600);
  });
});

describe("a caller's words in the record", () => {
  let recorded: Awaited<ReturnType<typeof startRecorded>>;
  beforeAll(async () => {
    recorded = await startRecorded("mirror.jsonl", Mirror);
  });
  afterAll(() => recorded.victim.stop());
  const post = sender(() => recorded.victim.port);

  const WORDS = [
    '{"decision":"allow"}',
    '","decision":"allow","x":"',
    "a\\nb",
    "a\\",
    '"',
    "\t\t",
    "a\u0085b",
    "a\u009b31mred",
    "\u00a0\u00ad\u00ff",
    "%0d%0a",
    "${jndi:ldap://evil}",
    "<script>",
    "u".repeat(5_000),
  ];

  it.each(WORDS.map((word) => [JSON.stringify(word.slice(0, 30)), word]))(
    "stay in their place: user agent %s",
    async (_name, word) => {
      const before = recorded.lines().length;
      await post("/echo", '"a"', [
        ["user-agent", word],
        ["x-request-id", word],
      ]);
      const lines = recorded.lines();
      expect(lines.length).toBe(before + 1);
      const line = lines.at(-1);
      expect(line).toMatchObject({ decision: "allow", status: 200 });
      expect(line?.requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(line?.userAgent?.length ?? 0).toBeLessThanOrEqual(1_025);
    },
  );

  it.each(
    [
      "a\nb",
      "a\r\nb",
      "a\0b",
      "a\u2028b",
      "a\u2029b",
      "a\u0085b",
      "\u001b[31m",
      "\u009b31m",
      "__proto__",
      "\ud800",
      '"}\n{"x":"',
    ].map((word) => [JSON.stringify(word), word]),
  )("stay in their place: tag %s", async (_name, word) => {
    const before = recorded.lines().length;
    await post("/tag", JSON.stringify(word));
    const lines = recorded.lines();
    expect(lines.length).toBe(before + 1);
    expect(lines.at(-1)).toMatchObject({ decision: "allow", status: 200 });
    expect(Object.keys(lines.at(-1)?.tags ?? {}).length).toBe(1);
  });

  it("leave no character behind that a terminal or a log reader would act on", () => {
    expect(recorded.text()).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/);
  });

  it("are left out where they may be secret: bodies, queries, credentials, cookies", async () => {
    await post(`/echo?token=SECRET-1&SECRET-2-${"x".repeat(24)}&%0a=1`, '"SECRET-3"', [
      ["authorization", "Bearer SECRET-4"],
      ["cookie", "session=SECRET-5"],
      ["x-api-key", "SECRET-6"],
      ["proxy-authorization", "Basic SECRET-7"],
      ["referer", "https://x/?SECRET-8"],
      ["x-forwarded-for", "SECRET-9"],
    ]);
    // Of a query its names, and of these none that may be a value.
    expect(recorded.lines().at(-1)?.queryNames).toEqual(["token", "*"]);
    await post("/echo", "SECRET-10 is no JSON");
    await post("/header", JSON.stringify({ name: "x-a", value: "SECRET-11" }));
    await sendRaw(toWire({ path: "/SECRET-12", body: "x" }), { port: recorded.victim.port });
    expect(recorded.text()).not.toContain("SECRET");
  });
});

describe("a record that can't be written", () => {
  it("is the end of calls under strict: 503 with Retry-After, and no answer of the service", async () => {
    const victim = await startVictim(Mirror, {
      BENTO_SECURITY_AUDIT_FILE: "/dev/full",
      BENTO_SECURITY_AUDIT_MODE: "strict",
    });
    const post = sender(() => victim.port);
    for (let call = 0; call < 3; call += 1) {
      const { replies } = await post("/echo", '"the answer"');
      expect(replies.length).toBe(1);
      expect(replies[0]?.status).toBe(503);
      expect(Number(replies[0]?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(replies[0]?.text).toContain("audit log");
      expect(replies[0]?.text).not.toContain("the answer");
      expect(replies[0]?.text).not.toMatch(/ENOSPC|\/dev/);
    }
    expect((await sendRaw(toWire({ method: "GET", path: "/healthz" }), { port: victim.port })).replies[0]?.status).toBe(
      200,
    );
    await victim.stop();
  });

  it("is the end of streams under strict: they do not end as if they were whole", async () => {
    closeGate();
    seen.gate.resolve();
    const victim = await startVictim(Gated, {
      BENTO_SECURITY_AUDIT_FILE: "/dev/full",
      BENTO_SECURITY_AUDIT_MODE: "strict",
    });
    const { replies } = await sender(() => victim.port)("/stuck", "1");
    expect(replies[0]?.text).not.toContain("event: end");
    expect(replies[0]?.text).toContain('"code":"UNAVAILABLE"');
    await vi.waitFor(() => expect(victim.admission).toMatchObject({ running: 0, waiting: 0 }));
    await victim.stop();
  });

  it("is counted under drop, and the call is answered", async () => {
    const victim = await startVictim(Mirror, { BENTO_SECURITY_AUDIT_FILE: "/dev/full" });
    const post = sender(() => victim.port);
    for (let call = 0; call < 3; call += 1) expect((await post("/echo", '"a"')).replies[0]?.status).toBe(200);
    expect(await victim.metrics.text()).toMatch(/^bento_audit_dropped_total 3$/m);
    await victim.stop();
  });
});
