import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, it } from "vitest";
import { openListeners } from "./listeners.ts";

it("takes every connection that stands in the system's queue before its port closes", async () => {
  const accepted: Socket[] = [];
  const listeners = await openListeners([{ name: "http", host: "127.0.0.1", port: 0 }], (socket) => {
    accepted.push(socket);
  });
  const { port } = listeners.addresses["http"] ?? expect.unreachable();
  // The system completes these handshakes by itself: nothing here has had a turn to accept one yet.
  const callers = Array.from({ length: 50 }, () => connect(port, "127.0.0.1"));

  await listeners.close();

  expect(accepted).toHaveLength(50);
  for (const socket of accepted) socket.end("answered");
  const words = await Promise.all(callers.map((caller) => once(caller, "data")));
  expect(words.map(String)).toEqual(Array(50).fill("answered"));
  for (const socket of [...callers, ...accepted]) socket.destroy();
});

it("accepts nothing more once its ports are closed", async () => {
  const listeners = await openListeners([{ name: "http", host: "127.0.0.1", port: 0 }], (socket) => socket.destroy());
  const { port } = listeners.addresses["http"] ?? expect.unreachable();

  await listeners.close();

  const [refusal] = await once(connect(port, "127.0.0.1"), "error");
  expect(refusal).toMatchObject({ code: "ECONNREFUSED" });
});
