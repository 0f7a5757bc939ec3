import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { api, bytes, type Context, service, t } from "@bento-ts/runtime";
import { listen, type ListeningService } from "../support/listening-service.ts";

/** What the methods have done. */
const seen = { held: 0, poured: 0, signals: [] as Context["signal"][] };

@service({ name: "peers" })
class Peers {
  @api({ input: bytes(), output: t.Integer() })
  hold(content: Uint8Array): number {
    seen.held += 1;
    return content.length;
  }

  @api({ input: t.Integer(), output: bytes() })
  async *pour(count: number, ctx: Context): AsyncGenerator<Uint8Array> {
    seen.signals.push(ctx.signal);
    for (seen.poured = 0; seen.poured < count; seen.poured += 1) yield new Uint8Array(CHUNK);
  }
}

const CHUNK = 64 * 1024;
const MEGABYTES_100 = 100 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "bento-ts-peers-"));
const auditFile = join(folder, "audit.jsonl");
let server: ListeningService;
let session: ClientHttp2Session;
beforeAll(async () => {
  server = await listen(Peers, {
    // Room for one of the large messages, so that one whose bytes were not given back is noticed.
    config: { server: { requestTimeout: "20s", limits: { queueBytes: "128MiB" } } },
    env: { BENTO_SECURITY_AUDIT_FILE: auditFile },
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  Object.assign(seen, { held: 0, poured: 0, signals: [] });
  session = connect(`http://${server.grpcAddress}`);
});
afterEach(() => session.destroy());

interface End {
  readonly code: number;
  readonly details: string;
}

function open(method: string, more: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
  const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers", ...more };
  return session.request({ ...headers, ":path": `/bento.peers.v1.Peers/${method}` }).on("error", () => undefined);
}

/** How a call ends; it rejects when the stream closes without a status. */
function endOf(stream: ClientHttp2Stream): Promise<End> {
  return new Promise((resolve, reject) => {
    const look = ({ "grpc-status": code, "grpc-message": details = "" }: IncomingHttpHeaders): void => {
      if (code !== undefined) resolve({ code: Number(code), details: decodeURIComponent(String(details)) });
    };
    stream.on("response", look).on("trailers", look);
    stream.on("close", () => reject(new Error("closed without a status")));
  });
}

/** A message's five bytes ahead. */
function prefix(length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** A `HoldRequest` with this many zeros: field 1, length-delimited, its length in four bytes as a varint. */
function holdRequest(zeros: number): Buffer {
  const varint = [zeros & 0x7f, (zeros >> 7) & 0x7f, (zeros >> 14) & 0x7f].map((bits) => bits | 0x80);
  return Buffer.concat([Buffer.from([0x0a, ...varint, zeros >> 21]), Buffer.alloc(zeros)]);
}

const ping = (): Promise<unknown> => new Promise((resolve) => session.ping(resolve));
const write = (stream: ClientHttp2Stream, bytes: Buffer): Promise<unknown> =>
  new Promise((resolve) => stream.write(bytes, resolve));

interface Line {
  readonly [key: string]: unknown;
}

/** Audit records of calls that were made with this request id. */
const recordsOf = (id: string): readonly Line[] =>
  readFileSync(auditFile, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ requestId }) => requestId === id);

it("takes messages of 128 MiB unless configured otherwise, and refuses a larger one from its announced length", async () => {
  const limit = 128 * 1024 * 1024;
  const tooLong = open("Hold");
  tooLong.write(prefix(limit + 1));
  const end = await endOf(tooLong);
  expect(end.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(end.details).toContain(String(limit + 1));
  expect(end.details).toContain("server.limits.grpc");
  const justRight = open("Hold");
  const ended = endOf(justRight).catch(() => "no status");
  await write(justRight, prefix(limit));
  for (let round = 0; round < 5; round += 1) await ping();
  justRight.close(constants.NGHTTP2_CANCEL);
  expect(await ended).toBe("no status");
});

it("gives back what a message of 100 MB held when its caller resets the stream in the middle of it", async () => {
  for (const id of ["reset-1", "reset-2"]) {
    const stream = open("Hold", { "x-request-id": id });
    await write(stream, prefix(MEGABYTES_100 + 5));
    await write(stream, holdRequest(MEGABYTES_100).subarray(0, MEGABYTES_100 / 2));
    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => recordsOf(id)).toHaveLength(1);
    expect(recordsOf(id)).toMatchObject([{ reason: "CANCELLED", grpcCode: status.CANCELLED, function: "hold" }]);
  }
  expect(seen.held).toBe(0);
  const whole = open("Hold", { "x-request-id": "whole" });
  const ended = endOf(whole);
  whole.write(prefix(MEGABYTES_100 + 5));
  whole.end(holdRequest(MEGABYTES_100));
  whole.resume();
  expect(await ended).toEqual({ code: status.OK, details: "" });
  expect(seen.held).toBe(1);
  expect(recordsOf("whole")).toMatchObject([{ decision: "allow", grpcCode: 0, bytesIn: MEGABYTES_100 + 5 }]);
});

it("gives back what a message held when the whole connection is gone", async () => {
  const stream = open("Hold", { "x-request-id": "gone" });
  await write(stream, prefix(MEGABYTES_100 + 5));
  await write(stream, Buffer.alloc(CHUNK));
  // What a ping passes was read by the server before.
  await ping();
  session.destroy();
  await expect.poll(() => recordsOf("gone")).toMatchObject([{ reason: "CANCELLED" }]);
  session = connect(`http://${server.grpcAddress}`);
  const again = open("Hold");
  const ended = endOf(again).catch(() => "not refused");
  await write(again, prefix(MEGABYTES_100 + 5));
  for (let round = 0; round < 5; round += 1) await ping();
  again.close(constants.NGHTTP2_CANCEL);
  expect(await ended).toBe("not refused");
});

it("refuses a message that its caller's half-close cuts short", async () => {
  const stream = open("Hold", { "x-request-id": "short" });
  stream.end(Buffer.concat([prefix(100), Buffer.alloc(50)]));
  expect((await endOf(stream)).code).not.toBe(status.OK);
  expect(seen.held).toBe(0);
  expect(recordsOf("short")).toMatchObject([{ decision: "error" }]);
});

it("lets no generator run ahead of a caller that does not read", async () => {
  const stream = open("Pour");
  // `input` is 200.
  stream.end(Buffer.concat([prefix(3), Buffer.from([0x08, 0xc8, 0x01])]));
  await new Promise((resolve) => stream.once("response", resolve));
  for (let round = 0; round < 50; round += 1) await ping();
  // The caller's window is 64 KiB, one value; what else was made waits for it.
  expect(seen.poured).toBeLessThan(10);
  const ended = endOf(stream);
  let got = 0;
  stream.on("data", (chunk: Buffer) => (got += chunk.length));
  expect(await ended).toEqual({ code: status.OK, details: "" });
  expect(seen.poured).toBe(200);
  expect(got).toBeGreaterThan(200 * CHUNK);
});

it("ends a generator whose caller leaves without having read", async () => {
  const stream = open("Pour", { "x-request-id": "left" });
  stream.end(Buffer.concat([prefix(3), Buffer.from([0x08, 0xc8, 0x01])]));
  await new Promise((resolve) => stream.once("response", resolve));
  stream.close(constants.NGHTTP2_CANCEL);
  await expect.poll(() => recordsOf("left")).toMatchObject([{ reason: "CANCELLED", grpcCode: status.CANCELLED }]);
  expect(seen.signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(seen.poured).toBeLessThan(10);
});

it("answers the calls of one connection while another one is flooded", async () => {
  const flood = connect(`http://${server.grpcAddress}`);
  const streams = Array.from({ length: 50 }, () => {
    const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
    const stream = flood.request({ ...headers, ":path": "/bento.peers.v1.Peers/Hold" });
    return stream.on("error", () => undefined).resume();
  });
  // Each says that 2 MB come, and sends far more than the connection's window takes.
  for (const stream of streams) {
    stream.write(prefix(2_000_000));
    stream.write(Buffer.alloc(1_000_000));
  }
  const whole = open("Hold");
  const ended = endOf(whole);
  whole.end(Buffer.concat([prefix(2), Buffer.from([0x0a, 0x00])]));
  whole.resume();
  expect((await ended).code).toBe(status.OK);
  flood.destroy();
});
