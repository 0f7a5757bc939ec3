import net from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { closeGate, Gated, seen } from "./gated.ts";
import { type RawExchange, sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";

const JSON_TYPE = ["content-type", "application/json"] as const;
let victim: RunningVictim;
beforeAll(async () => {
  victim = await startVictim(Gated, {
    BENTO_SERVER_LIMITS_CONCURRENCY: "1",
    BENTO_SERVER_LIMITS_QUEUE_ROWS: "20",
    BENTO_SERVER_LIMITS_QUEUE_BYTES: "1MiB",
    BENTO_SERVER_REQUEST_TIMEOUT: "20s",
  });
});
afterAll(() => victim.stop());
beforeEach(closeGate);

const post = (path: string, headers: readonly (readonly [string, string])[] = [], body = "1"): Promise<RawExchange> =>
  sendRaw(toWire({ path, headers: [JSON_TYPE, ...headers], body }), { port: victim.port });

/** Opens a connection, sends bytes and leaves it open. */
async function open(bytes: string): Promise<net.Socket> {
  const socket = net.connect(victim.port, "127.0.0.1");
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.write(bytes);
  socket.resume();
  return socket;
}
const request = (path: string, length = 1): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
const inHouse = (running: number, waiting: number): Promise<void> =>
  vi.waitFor(() => expect(victim.admission).toMatchObject({ running, waiting }), { timeout: 5_000, interval: 5 });
const aborted = (count: number): Promise<void> =>
  vi.waitFor(() => expect(seen.signals.filter((signal) => signal.aborted).length).toBe(count), { interval: 5 });

describe("a place in the house", () => {
  it.each(["/work", "/flow"])("is not kept for a call of %s whose own time can't be read", async (path) => {
    for (const time of ["soon", "-1", "0", "1e3", "1.5", "99999999999", "0x10", "NaN", "1, 2"]) {
      const { replies } = await post(path, [["x-request-timeout-ms", time]]);
      expect(replies[0]).toMatchObject({ status: 400, text: expect.stringContaining("X-Request-Timeout-Ms") });
    }
    await inHouse(0, 0);
  });

  it("is refused with 413 for a body that can never be taken, however much room there is", async () => {
    for (const length of ["134217729", "1000000000000", "900719925474099"]) {
      const { replies } = await post("/work", [["content-length", length]]);
      expect(replies[0]).toMatchObject({ status: 413, text: expect.stringContaining("server.limits.json") });
    }
    // Within the limit of one body, past that of all that wait: later is no better.
    const { replies } = await post("/work", [["content-length", "2000000"]]);
    expect(replies[0]).toMatchObject({ status: 413, text: expect.stringContaining("server.limits.queueBytes") });
    await inHouse(0, 0);
  });

  it("comes free when the caller leaves while the body is read", async () => {
    const socket = await open(`${request("/work", 100)}[1,`);
    await inHouse(0, 1);
    socket.destroy();
    await inHouse(0, 0);
  });

  it("comes free when the caller leaves while the call is queued, and the work is never begun", async () => {
    const first = await open(`${request("/work")}1`);
    await inHouse(1, 0);
    const second = await open(`${request("/work")}2`);
    await inHouse(1, 1);
    second.destroy();
    await inHouse(1, 0);
    expect(seen.signals.length).toBe(1);
    seen.gate.resolve();
    await inHouse(0, 0);
    first.destroy();
  });

  it("is held when the caller leaves while the work runs, until the work has ended", async () => {
    const socket = await open(`${request("/work")}1`);
    await inHouse(1, 0);
    await vi.waitFor(() => expect(seen.signals.length).toBe(1));
    socket.destroy();
    await aborted(1);
    expect(victim.admission).toMatchObject({ running: 1, waiting: 0 });
    seen.gate.resolve();
    await inHouse(0, 0);
  });

  it("is held when the deadline has answered the caller, until the work has ended", async () => {
    const { replies } = await post("/work", [["x-request-timeout-ms", "30"]]);
    expect(replies[0]?.status).toBe(504);
    expect(victim.admission).toMatchObject({ running: 1, waiting: 0 });
    seen.gate.resolve();
    await inHouse(0, 0);
  });

  it.each(["/stuck", "/late"])(
    "is held when the caller of %s leaves while the generator computes, until that has ended",
    async (path) => {
      const socket = await open(`${request(path)}1`);
      await inHouse(1, 0);
      await vi.waitFor(() => expect(seen.signals.length).toBe(1));
      socket.destroy();
      await aborted(1);
      expect(seen.ended).toBe(0);
      expect(victim.admission).toMatchObject({ running: 1, waiting: 0 });
      seen.gate.resolve();
      await inHouse(0, 0);
      expect(seen.ended).toBe(1);
    },
  );

  it("comes free for all calls that one caller sent down one connection before leaving", async () => {
    const socket = await open(`${request("/work")}1${request("/work")}2${request("/stuck")}3`);
    await inHouse(1, 2);
    socket.destroy();
    await inHouse(1, 0);
    await aborted(1);
    seen.gate.resolve();
    await inHouse(0, 0);
    expect(seen.signals.length).toBe(1);
  });
});

describe("a body that comes slowly", () => {
  it("is answered with 408 when the time is over, and its connection ends", async () => {
    const half = `POST /work HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-request-timeout-ms: 50\r\ncontent-length: 100\r\n\r\n[1,`;
    const { replies, closed } = await sendRaw([half], { port: victim.port });
    expect(replies.length).toBe(1);
    expect(replies[0]).toMatchObject({ status: 408, text: expect.stringContaining("REQUEST_TIMEOUT") });
    expect(closed).toBe(true);
    await inHouse(0, 0);
  });
});

describe("two hundred callers who leave", () => {
  it("leave no timer, no listener and no place behind", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", onWarning);
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    for (let round = 0; round < 10; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => open(`${request("/work")}1`)));
      await vi.waitFor(() => expect(victim.admission.running + victim.admission.waiting).toBe(20), { interval: 5 });
      for (const socket of sockets) socket.destroy();
      await inHouse(1, 0);
      seen.gate.resolve();
      await inHouse(0, 0);
      closeGate();
    }
    await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(before + 2), { interval: 20 });
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});
