import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { afterEach, expect, it } from "vitest";
import { createGrpcCaller } from "./grpc-caller.ts";
import type { Caller } from "./shot.ts";

const shot = { path: "/a.B/C", headers: {}, body: Buffer.alloc(0) };
const head = { ":status": 200, "content-type": "application/grpc" };

let server: Http2Server;
let caller: Caller;

afterEach(() => {
  caller.close();
  server.close();
});

async function answering(answer: (stream: ServerHttp2Stream) => void, timeoutMs: number): Promise<Caller> {
  server = createServer().on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => undefined).resume();
    answer(stream);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const options = { connections: 1, timeoutMs, ca: undefined, signal: new AbortController().signal };
  caller = createGrpcCaller(new URL(`http://127.0.0.1:${port}`), options);
  return caller;
}

it.each([
  ["encoded", "100%25 wrong", "100% wrong"],
  ["not encoded", "100% wrong", "100% wrong"],
])("tells the message of a status that is %s", async (_what, sent, detail) => {
  const { send } = await answering(
    (stream) => stream.respond({ ...head, "grpc-status": "3", "grpc-message": sent }, { endStream: true }),
    5000,
  );
  expect(await send(shot)).toEqual({ status: "INVALID_ARGUMENT", isOk: false, receivedBytes: 0, detail });
});

it("gives up an answer that comes byte by byte and does not end in time", async () => {
  const { send } = await answering((stream) => {
    stream.respond(head);
    const timer = setInterval(() => stream.write(Buffer.alloc(1)), 20);
    stream.on("close", () => clearInterval(timer));
  }, 200);
  expect(await send(shot)).toMatchObject({ status: "timeout", isOk: false });
});

it("rejects a call that can't be sent", async () => {
  const { send } = await answering((stream) => stream.close(), 5000);
  await expect(send({ ...shot, headers: { connection: "close" } })).rejects.toThrow("forbidden");
});

it("tells of a server that is gone what the system says", async () => {
  const { send } = await answering((stream) => stream.close(), 5000);
  const closed = once(server, "close");
  server.close();
  await closed;
  expect(await send(shot)).toMatchObject({ status: "ECONNREFUSED", isOk: false });
});
