import net from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { closeGate, Gated, seen } from "./gated.ts";
import { sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";

let victim: RunningVictim;
const warnings: string[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning.message);
beforeAll(async () => {
  victim = await startVictim(Gated, { BENTO_SERVER_REQUEST_TIMEOUT: "20s" });
  process.on("warning", onWarning);
});
afterAll(async () => {
  process.off("warning", onWarning);
  await victim.stop();
});
beforeEach(closeGate);

const request = (path: string, body: string, headers = ""): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;

/** A caller that reads only when told. */
async function callSlowly(bytes: string): Promise<{ socket: net.Socket; text: () => string; closed: Promise<void> }> {
  const socket = net.connect(victim.port, "127.0.0.1");
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.pause();
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(bytes);
  return { socket, text: () => text, closed };
}

/** The number of values made once it no longer grows. */
async function settledCount(): Promise<number> {
  let last = -1;
  await vi.waitFor(
    () => {
      const grew = seen.pulled !== last || seen.pulled === 0;
      last = seen.pulled;
      expect(grew).toBe(false);
    },
    { interval: 100, timeout: 10_000 },
  );
  return last;
}
const nobodyInside = (): Promise<void> =>
  vi.waitFor(() => expect(victim.admission).toMatchObject({ running: 0, waiting: 0 }), { interval: 5 });

// 16 KiB a value: what a slow reader leaves unread must fit into the buffers of two sockets, far below the whole of 1.6 GB.
const ENDLESS = "100000";
const MOST_UNREAD = 1_000;

describe("a reader of a stream", () => {
  it("that does not read holds the generator back, and ends it by leaving", async () => {
    const { socket } = await callSlowly(request("/flow", ENDLESS));
    expect(await settledCount()).toBeLessThan(MOST_UNREAD);
    expect(seen.ended).toBe(0);
    socket.destroy();
    await vi.waitFor(() => expect(seen.ended).toBe(1));
    await nobodyInside();
  });

  it("that does not read is cut off at the deadline, and what it got does not look whole", async () => {
    const { socket, text, closed } = await callSlowly(request("/flow", ENDLESS, "x-request-timeout-ms: 400\r\n"));
    await vi.waitFor(() => expect(seen.ended).toBe(1), { timeout: 5_000 });
    await nobodyInside();
    socket.resume();
    await closed;
    expect(text()).toMatch(/^HTTP\/1\.1 200 /);
    expect(text()).not.toContain("event: end");
    expect(text()).toContain('"code":"DEADLINE_EXCEEDED"');
    // A chunk of length 0 would tell proxies and libraries that nothing is missing.
    expect(text().endsWith("0\r\n\r\n")).toBe(false);
  });

  it("that reads in small sips gets every value, and no listener piles up on its connection", async () => {
    const { socket, text, closed } = await callSlowly(request("/flow", "600", "connection: close\r\n"));
    const sip = setInterval(() => {
      socket.resume();
      setImmediate(() => socket.pause());
    }, 1);
    await closed;
    clearInterval(sip);
    expect(text().split("data: ").length - 1).toBe(601);
    expect(text()).toContain("event: end");
    expect(warnings).toEqual([]);
  });

  it("is told of the deadline in the stream's own way when it reads", async () => {
    const { replies, closed } = await sendRaw([request("/stuck", "7", "x-request-timeout-ms: 100\r\n")], {
      port: victim.port,
    });
    expect(closed).toBe(true);
    expect(replies[0]?.text).toMatch(/^data: 7\n\nevent: error\ndata: \{.*"code":"DEADLINE_EXCEEDED".*\}\n\n$/);
    seen.gate.resolve();
    await nobodyInside();
  });

  it.each(["text/event-stream", "application/x-ndjson"])(
    "as %s is told of a failure without its cause, and is cut off",
    async (accept) => {
      const headers = [
        ["content-type", "application/json"],
        ["accept", accept],
      ] as const;
      const { replies, closed, wire } = await sendRaw(toWire({ path: "/broken", headers, body: "0" }), {
        port: victim.port,
      });
      expect(closed).toBe(true);
      expect(replies[0]?.text).toContain('"code":"INTERNAL"');
      expect(wire).not.toContain("secret");
      expect(wire.endsWith("0\r\n\r\n")).toBe(false);
      await nobodyInside();
    },
  );

  it("that has left before the first value ends the generator", async () => {
    const { socket } = await callSlowly(request("/late", "1"));
    await vi.waitFor(() => expect(seen.signals.length).toBe(1));
    socket.destroy();
    await vi.waitFor(() => expect(seen.signals[0]?.aborted).toBe(true));
    seen.gate.resolve();
    await vi.waitFor(() => expect(seen.ended).toBe(1));
    await nobodyInside();
  });
});

describe("a caller that does not read on", () => {
  it.each([
    ["/echo", `"${"x".repeat(12_000_000)}"`],
    ["/flow", ENDLESS],
  ])("keeps its connection to %s little longer than a call may take", async (path, body) => {
    const impatient = await startVictim(Gated, { BENTO_SERVER_REQUEST_TIMEOUT: "300ms" });
    const { server } = impatient.app;
    // The call's own time and five seconds; the test does not wait for them.
    expect(server.timeout).toBe(5_300);
    server.timeout = 400;
    try {
      const socket = net.connect(impatient.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.pause();
      socket.write(request(path, body));
      const connections = (): Promise<number> =>
        new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
      await vi.waitFor(async () => expect(await connections()).toBe(1));
      await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 15_000 });
      socket.destroy();
    } finally {
      await impatient.stop();
    }
  });
});
