import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { api, bytes, service, t } from "@bento-ts/runtime";
import { listen, type ListeningService } from "../support/listening-service.ts";

const MIB = 2 ** 20;

@service({ name: "large" })
class Large {
  @api({ input: t.Integer(), output: bytes() })
  make(length: number): Uint8Array {
    return new Uint8Array(length);
  }
}

let server: ListeningService;
beforeAll(async () => {
  server = await listen(Large, { env: { BENTO_SERVER_LIMITS_QUEUE_BYTES: "40MiB" } });
});
afterAll(() => server.close());

/** A call over REST, the server's so-many-th, whose caller reads nothing until it is resumed. */
async function silentReader(count: number): Promise<{ readonly socket: Socket; readonly closed: () => boolean }> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1").on("error", () => undefined);
  let isClosed = false;
  socket.once("close", () => (isClosed = true)).pause();
  const body = String(16 * MIB);
  socket.write(
    `POST /make HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await vi.waitFor(async () =>
    expect(await server.metrics()).toMatch(new RegExp(`total\\{api="make".*status="200"\\} ${count}$`, "m")),
  );
  return { socket, closed: () => isClosed };
}

it("replies over REST that nobody takes hold no more than they may: the one that waits longest is cut, the others come whole", async () => {
  const readers = [await silentReader(1), await silentReader(2), await silentReader(3), await silentReader(4)];
  const received = await Promise.all(
    readers.map(async ({ socket, closed }) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      let length = 0;
      socket.on("data", (chunk: Buffer) => (length += chunk.length)).resume();
      await vi.waitFor(() => expect(closed() || length > 16 * MIB).toBe(true), 10_000);
      socket.destroy();
      return length;
    }),
  );
  expect(received.filter((length) => length > 16 * MIB).length).toBeGreaterThanOrEqual(2);
  expect(received.filter((length) => length < 16 * MIB).length).toBeGreaterThanOrEqual(1);
  expect(received.at(-1)).toBeGreaterThan(16 * MIB);
});

it("the same holds over gRPC", async () => {
  const session = connectHttp2(`http://${server.grpcAddress}`, { settings: { initialWindowSize: 0 } });
  session.on("error", () => undefined);
  const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  // 16,777,216 as a varint, in field 1.
  const message = Buffer.from([0, 0, 0, 0, 5, 0x08, 0x80, 0x80, 0x80, 0x08]);
  const codes: (number | undefined)[] = [];
  const streams = [0, 1, 2, 3].map((at) => {
    const stream = session.request({ ...headers, ":path": "/bento.large.v1.Large/Make" });
    stream.on("error", () => undefined).on("close", () => (codes[at] = stream.rstCode));
    return stream.end(message);
  });
  await vi.waitFor(() => expect(codes.filter((code) => code === 11)).toHaveLength(2), 10_000);
  expect(streams.filter((stream) => !stream.destroyed)).toHaveLength(2);
  session.destroy();
});
