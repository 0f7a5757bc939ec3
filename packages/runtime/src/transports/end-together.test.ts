import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turnEnd } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { endTogether } from "./end-together.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Responses of a real server, open at once, and what their callers read. */
async function openExchanges(count: number): Promise<{
  readonly responses: readonly ServerResponse[];
  readonly texts: Promise<readonly (string | undefined)[]>;
}> {
  const responses: ServerResponse[] = [];
  const server = createServer((_, response) => {
    responses.push(response);
    if (responses.length === count) server.emit("all");
  }).listen(0, "127.0.0.1");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const all = once(server, "all");
  const texts = Promise.all(
    Array.from({ length: count }, () =>
      fetch(url).then(
        (reply) => reply.text(),
        () => undefined,
      ),
    ),
  );
  await all;
  return { responses, texts };
}

function busyFor(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe("endTogether", () => {
  it("ends the responses of a turn with that turn, in their order", async () => {
    const { responses, texts } = await openExchanges(3);
    const order: number[] = [];
    for (const [at, response] of responses.entries()) {
      response.once("prefinish", () => order.push(at));
      endTogether(() => response.end(`reply ${at}`));
    }
    await turnEnd();
    expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([true, true, true]);
    expect(new Set(await texts)).toEqual(new Set(["reply 0", "reply 1", "reply 2"]));
    expect(order).toEqual([0, 1, 2]);
  });

  it("lets no response wait for a turn that takes long", async () => {
    const { responses, texts } = await openExchanges(3);
    const ended = (): readonly boolean[] => responses.map(({ writableEnded }) => writableEnded);
    const [first, second, third] = responses;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three are open");
    endTogether(() => first.end("a"));
    expect(ended()).toEqual([false, false, false]);
    busyFor(2);
    endTogether(() => second.end("b"));
    expect(ended()).toEqual([true, true, false]);
    endTogether(() => third.end());
    expect(ended()).toEqual([true, true, true]);
    expect(new Set(await texts)).toEqual(new Set(["", "a", "b"]));
  });

  it("answers the others where a caller has left meanwhile", async () => {
    const { responses, texts } = await openExchanges(2);
    for (const response of responses) endTogether(() => response.end("there"));
    responses[0]?.destroy();
    expect(new Set(await texts)).toEqual(new Set(["there", undefined]));
  });

  it("ends the others where one throws, and tells of it as of any error that nobody caught", async () => {
    const { responses, texts } = await openExchanges(2);
    const [first, second] = responses;
    const watchers = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const told = new Promise((resolve) => process.once("uncaughtException", resolve));
    endTogether(() => first?.end("a"));
    endTogether(() => {
      throw new Error("no such header");
    });
    endTogether(() => second?.end("b"));
    expect(await told).toMatchObject({ message: "no such header" });
    for (const watcher of watchers) process.on("uncaughtException", watcher);
    expect(new Set(await texts)).toEqual(new Set(["a", "b"]));
  });
});
