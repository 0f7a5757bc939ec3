import { connect } from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { api, service, t } from "@bento-ts/runtime";
import { grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { callFields, CODE, field, FLAG, frame, FRAME, openHttp2, type RawHttp2 } from "./raw-http2.ts";

// Attacks of single connections on HTTP/2: security.md A9, attacks B30 and B47. Frames are our own: no client would send them.
@service({ name: "frames" })
class Frames {
  @api({ input: t.Integer(), output: t.Integer() })
  same(value: number): number {
    return value;
  }
}

const CHECK = "/grpc.health.v1.Health/Check";
const INFER = "/inference.GRPCInferenceService/ModelInfer";
const EMPTY_MESSAGE = Buffer.alloc(5);
const CANCELLED = Buffer.from([0, 0, 0, CODE.CANCEL]);
/** How long the server has to end a connection that it should end at once. */
const SOON_MS = 10_000;

let server: ListeningService;
let line: RawHttp2;
beforeAll(async () => {
  server = await listen(Frames);
});
afterAll(() => server.close());
afterEach(async () => {
  line.destroy();
  // Whatever one connection did, others are served.
  const health = grpcClient(server.grpcAddress, "grpc/health/v1/health.proto", "grpc.health.v1.Health");
  const { code } = await health.call("Check", [{ service: "" }]);
  health.close();
  if (code !== 0) throw new Error(`Health answers others with code ${code}`);
});

const open = async (): Promise<RawHttp2> => {
  line = await openHttp2(Number(server.grpcAddress.split(":")[1]));
  return line;
};
const codeOf = (goaway: { readonly payload: Buffer }): number => goaway.payload.readUInt32BE(4);
const lastGoaway = ({ received }: RawHttp2): number[] =>
  received.filter(({ type }) => type === FRAME.GOAWAY).map(codeOf);

describe("streams that are reset as soon as they are open", () => {
  it.each([
    ["of a method that is there", CHECK],
    ["of none", "/no.Such/Method"],
    ["of the model", INFER],
  ])("end their connection after a few, %s", async (_which, path) => {
    const { send, closed } = await open();
    let sent = 0;
    while (sent < 2_000 && send(opened(1 + 2 * sent, path), frame(FRAME.RST_STREAM, 0, 1 + 2 * sent, CANCELLED))) {
      sent += 1;
      if (sent % 20 === 0) await new Promise(setImmediate);
    }
    await closed(SOON_MS);
    expect(lastGoaway(line)).toContain(CODE.ENHANCE_YOUR_CALM);
  });

  it("end it too where the caller's faults make the server reset them", async () => {
    const { send, closed } = await open();
    // A window update of nothing is a fault of its stream (RFC 9113, section 6.9).
    const nothing = Buffer.alloc(4);
    let sent = 0;
    while (sent < 2_000 && send(opened(1 + 2 * sent, INFER), frame(8, 0, 1 + 2 * sent, nothing))) {
      sent += 1;
      if (sent % 20 === 0) await new Promise(setImmediate);
    }
    await expectEnded(closed);
  });

  it("may be a few, as callers that change their mind send them", async () => {
    const { send, next } = await open();
    for (let at = 0; at < 20; at += 1)
      send(opened(1 + 2 * at, INFER), frame(FRAME.RST_STREAM, 0, 1 + 2 * at, CANCELLED));
    send(opened(101, CHECK), frame(FRAME.DATA, FLAG.END_STREAM, 101, EMPTY_MESSAGE));
    expect((await next(({ stream, type }) => stream === 101 && type === FRAME.HEADERS)).stream).toBe(101);
    expect(lastGoaway(line)).toEqual([]);
  });
});

describe("headers that do not end", () => {
  it.each([
    ["in empty frames", Buffer.alloc(0), 100_000],
    ["in full ones", field("x-a", "b".repeat(15_000)), 1_000],
  ])("end their connection, %s", async (_how, part, most) => {
    const { send, closed } = await open();
    send(frame(FRAME.HEADERS, 0, 1, callFields(CHECK)));
    for (let sent = 0; sent < most && send(frame(FRAME.CONTINUATION, 0, 1, part)); sent += 1)
      if (sent % 10 === 0) await new Promise(setImmediate);
    await closed(SOON_MS);
    expect(lastGoaway(line).length).toBeGreaterThan(0);
  });
});

describe("headers of 40 KB", () => {
  const large = Array.from({ length: 40 }, (_, at) => field(`x-${at}`, "a".repeat(1_000)));

  it("are refused of a caller that never confirms the limit", async () => {
    const { send, next } = await open();
    const block = Buffer.concat([callFields(CHECK), ...large]);
    send(
      frame(FRAME.HEADERS, 0, 1, block.subarray(0, 16_000)),
      frame(FRAME.CONTINUATION, 0, 1, block.subarray(16_000, 32_000)),
      frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, block.subarray(32_000)),
      frame(FRAME.DATA, FLAG.END_STREAM, 1, EMPTY_MESSAGE),
    );
    const { payload } = await next(({ stream, type }) => stream === 1 && type === FRAME.HEADERS);
    // The text of the status is compressed; a good answer would have a message.
    expect(payload.length).toBeGreaterThan(0);
    expect(line.received.filter(({ type }) => type === FRAME.DATA)).toEqual([]);
  });

  it("are reset by HTTP/2 once the limit is confirmed, and headers of 30 KB go through", async () => {
    await open();
    const session = connect(`http://${server.grpcAddress}`);
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    expect(session.remoteSettings.maxHeaderListSize).toBe(32_768);
    const ask = (count: number): Promise<number> =>
      new Promise((resolve) => {
        const fields = Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "a".repeat(900)]));
        const stream = session.request({
          ":method": "POST",
          ":path": CHECK,
          "content-type": "application/grpc",
          te: "trailers",
          ...fields,
        });
        stream.on("error", () => undefined);
        stream.on("close", () => resolve(stream.rstCode));
        stream.resume().end(EMPTY_MESSAGE);
      });
    expect(await ask(30)).toBe(0);
    expect(await ask(45)).toBe(CODE.ENHANCE_YOUR_CALM);
    session.destroy();
  });
});

describe("frames at the wrong time", () => {
  it.each([
    ["data of no stream", frame(FRAME.DATA, 0, 1, Buffer.alloc(1))],
    ["a continuation of nothing", frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1)],
    ["a reset of no stream", frame(FRAME.RST_STREAM, 0, 1, CANCELLED)],
    ["headers of stream 0", frame(FRAME.HEADERS, FLAG.END_HEADERS, 0, callFields(CHECK))],
    ["a frame that is longer than is allowed", frame(FRAME.DATA, 0, 1, Buffer.alloc(20_000))],
  ])("end their connection: %s", async (_what, bad) => {
    const { send, closed } = await open();
    send(bad);
    await closed(SOON_MS);
    expect(lastGoaway(line).length).toBeGreaterThan(0);
  });

  it("end it where they only ask for answers, faster than those can leave", async () => {
    const { send, closed } = await open();
    const flood = [frame(FRAME.SETTINGS, 0, 0), frame(FRAME.PING, 0, 0, Buffer.alloc(8))];
    for (let sent = 0; sent < 5_000; sent += 1) send(...flood);
    await expectEnded(closed);
  });
});

async function expectEnded(closed: RawHttp2["closed"]): Promise<void> {
  await expect(closed(SOON_MS)).resolves.toBeUndefined();
}

function opened(stream: number, path: string): Buffer {
  return frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, callFields(path));
}
