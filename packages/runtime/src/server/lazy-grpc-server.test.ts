import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { GrpcServer } from "../transports/grpc/create-grpc-server.ts";
import { createLazyGrpcServer } from "./lazy-grpc-server.ts";

const listeners: Server[] = [];
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
});

/** A connection, and its other end as a supervisor would hand it over. */
async function openPair(): Promise<{ readonly caller: Socket; readonly taken: Socket }> {
  const listener = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  listeners.push(listener);
  await once(listener, "listening");
  const address = listener.address();
  const caller = connect({ host: "127.0.0.1", port: typeof address === "object" ? (address?.port ?? 0) : 0 });
  caller.on("error", () => undefined);
  const [[taken]] = (await Promise.all([once(listener, "connection"), once(caller, "connect")])) as [[Socket], unknown];
  return { caller, taken };
}

/** A server that says back what it hears, and what it was told. */
function createEcho(): GrpcServer & { readonly accepted: Socket[]; drained: number; closed: number } {
  const echo = {
    accepted: [] as Socket[],
    drained: 0,
    closed: 0,
    accept(socket: Socket) {
      echo.accepted.push(socket);
      socket.pipe(socket);
    },
    drain: async () => void (echo.drained += 1),
    close: () => void (echo.closed += 1),
  };
  return echo;
}

const never = (): void => expect.unreachable();

describe("createLazyGrpcServer", () => {
  it("makes its server with the first connection, once, and loses no byte of those that waited", async () => {
    const echo = createEcho();
    const { promise, resolve } = Promise.withResolvers<GrpcServer>();
    let made = 0;
    const lazy = createLazyGrpcServer(() => {
      made += 1;
      return promise;
    }, never);
    expect(made).toBe(0);
    const [first, second] = [await openPair(), await openPair()];
    for (const { caller, taken } of [first, second]) {
      caller.write("hello");
      lazy.accept(taken);
    }
    resolve(echo);
    for (const { caller } of [first, second]) expect(String((await once(caller, "data"))[0])).toBe("hello");
    const third = await openPair();
    lazy.accept(third.taken);
    expect(echo.accepted).toEqual([first.taken, second.taken, third.taken]);
    expect(made).toBe(1);
    for (const { caller } of [first, second, third]) caller.destroy();
  });

  it("forgets a connection that ended while it waited", async () => {
    const echo = createEcho();
    const { promise, resolve } = Promise.withResolvers<GrpcServer>();
    const lazy = createLazyGrpcServer(() => promise, never);
    const { caller, taken } = await openPair();
    lazy.accept(taken);
    taken.resume();
    const ended = new Promise((left) => taken.once("close", left));
    caller.resetAndDestroy();
    await ended;
    resolve(echo);
    await lazy.drain();
    expect(echo.accepted).toEqual([]);
    expect(echo.drained).toBe(1);
  });

  it("closes the connections for which no server could be made, tells why, and tries again", async () => {
    const echo = createEcho();
    const failures: unknown[] = [];
    let made = 0;
    const lazy = createLazyGrpcServer(
      async () => {
        made += 1;
        if (made === 1) throw new Error("no such package");
        return echo;
      },
      (cause) => failures.push(cause),
    );
    const { caller, taken } = await openPair();
    caller.resume();
    lazy.accept(taken);
    await once(caller, "close");
    expect(failures).toEqual([new Error("no such package")]);
    const again = await openPair();
    again.caller.write("hello");
    lazy.accept(again.taken);
    expect(String((await once(again.caller, "data"))[0])).toBe("hello");
    again.caller.destroy();
  });

  it("makes nothing for a server that drains and was never called", async () => {
    const lazy = createLazyGrpcServer(async () => expect.unreachable(), never);
    await lazy.drain();
    const { caller, taken } = await openPair();
    caller.resume();
    lazy.accept(taken);
    await once(caller, "close");
    lazy.close();
  });
});
