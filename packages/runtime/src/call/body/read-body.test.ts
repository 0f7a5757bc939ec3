import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import type { BodyRequest } from "./open-body.ts";
import { readBody, type BodyLimits } from "./read-body.ts";

/** Whether a body is refused at once or while it comes is the same to these tests. */
const read = async (...given: Parameters<typeof readBody>): Promise<Buffer> => readBody(...given);

const limits = (maxBytes = 1000): BodyLimits => ({
  maxBytes,
  limitName: "server.limits.json",
  signal: new AbortController().signal,
});
const requestOf = (chunks: readonly Uint8Array[], headers: BodyRequest["headers"] = {}): BodyRequest => ({
  headers,
  openBody: () => Readable.from(chunks),
});
const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

describe("readBody", () => {
  it("joins the chunks of a body", async () => {
    const counter = { bytes: 0 };
    const body = await read(requestOf([Buffer.from("ab"), Buffer.from("cde")]), { ...limits(), counter });
    expect(body.toString()).toBe("abcde");
    expect(counter.bytes).toBe(5);
  });

  it("gives the only chunk without copying it", async () => {
    const chunk = Buffer.from("abc");
    expect(await read(requestOf([chunk]), limits())).toBe(chunk);
  });

  describe("of a body that has come whole", () => {
    const whole = (): BodyRequest & { readonly stream: Readable } => {
      const stream = new Readable({ read: () => undefined });
      stream.push("ab");
      stream.push("cde");
      return { headers: { "content-length": "5" }, openBody: () => stream, stream };
    };

    it("takes it at once, without a listener on its stream", async () => {
      const counter = { bytes: 0 };
      const held: number[] = [];
      const request = whole();
      const body = await read(request, { ...limits(), counter, hold: (bytes) => held.push(bytes) });
      expect(body.toString()).toBe("abcde");
      expect({ ...counter, held }).toEqual({ bytes: 5, held: [5] });
      expect(request.stream.eventNames()).toEqual([]);
      expect(request.stream.readableFlowing).toBe(null);
    });

    it("throws what holding its bytes throws", async () => {
      const full = new ServingError("UNAVAILABLE", "the queue is full");
      const hold = (): never => {
        throw full;
      };
      await expect(read(whole(), { ...limits(), hold })).rejects.toBe(full);
    });

    it("takes nothing once the call was cancelled", async () => {
      const request = whole();
      const cancelled = { ...limits(), signal: AbortSignal.abort() };
      await expect(read(request, cancelled)).rejects.toMatchObject({ code: "CANCELLED" });
      expect(request.stream.readableLength).toBe(5);
    });
  });

  it("reads a large announced body into one buffer", async () => {
    const sent = Buffer.alloc(2_500_000, "0123456789");
    const body = await read(requestOf(cut(sent, 65_536), { "content-length": "2500000" }), limits(3_000_000));
    expect(body.equals(sent)).toBe(true);
  });

  it("refuses an announced length past the limit without opening the body", async () => {
    const openBody = (): Readable => expect.fail("the body was opened");
    await expect(read({ headers: { "content-length": "1001" }, openBody }, limits())).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      message: "the body has more than 1000 bytes, the limit set by server.limits.json",
    });
  });

  it("stops at the first byte past the limit when no length was announced", async () => {
    let sent = 0;
    const endless = function* (): Generator<Buffer> {
      for (;;) {
        sent += 100;
        yield Buffer.alloc(100);
      }
    };
    await expect(read({ headers: {}, openBody: () => Readable.from(endless()) }, limits())).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
    // 11 chunks pass the limit; the stream may have read ahead by its own 16 objects.
    expect(sent).toBeLessThanOrEqual(2800);
  });

  it("takes exactly the limit", async () => {
    expect(await read(requestOf(cut(Buffer.alloc(1000), 333)), limits())).toHaveLength(1000);
  });

  it.each(["abc", "-1", "1, 1", "1e3"])("refuses the content length %j", async (length) => {
    await expect(read(requestOf([], { "content-length": length }), limits())).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("refuses a body that has not the announced length", async () => {
    await expect(read(requestOf([Buffer.alloc(3)], { "content-length": "5" }), limits())).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "the body has 3 bytes, its content length announced 5",
    });
  });

  it("throws the reason of its signal while it waits for bytes", async () => {
    const controller = new AbortController();
    const reading = read(
      { headers: {}, openBody: () => new Readable({ read() {} }) },
      { ...limits(), signal: controller.signal },
    );
    controller.abort(new ServingError("DEADLINE_EXCEEDED", "too late"));
    await expect(reading).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", message: "too late" });
  });

  it("reads nothing for a signal that has fired", async () => {
    await expect(
      read(requestOf([Buffer.alloc(1)]), { ...limits(), signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe.each(["gzip", "deflate", "br"] as const)("readBody of %s", (encoding) => {
  const encode = ENCODERS[encoding];

  it("decompresses, and counts what comes out", async () => {
    const counter = { bytes: 0 };
    const sent = Buffer.from("hello ".repeat(100));
    const body = await read(requestOf(cut(encode(sent), 5), { "content-encoding": encoding.toUpperCase() }), {
      ...limits(),
      counter,
    });
    expect(body.toString()).toBe("hello ".repeat(100));
    expect(counter.bytes).toBe(600);
  });

  it("stops early where a small body grows past the limit", async () => {
    const counter = { bytes: 0 };
    const bomb = encode(Buffer.alloc(50_000_000));
    await expect(
      read(requestOf([bomb], { "content-encoding": encoding }), { ...limits(100_000), counter }),
    ).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
    expect(counter.bytes).toBeLessThan(300_000);
  });

  it("refuses bytes behind the end", async () => {
    const body = Buffer.concat([encode(Buffer.from("hello")), Buffer.from("behind")]);
    for (const size of [1, 7, body.length]) {
      await expect(read(requestOf(cut(body, size), { "content-encoding": encoding }), limits())).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
  });

  it("answers every cut and every damage with the body or INVALID_ARGUMENT", async () => {
    const text = Buffer.from(
      JSON.stringify({ df: Array.from({ length: 40 }, (_, row) => ({ a: row, b: `row ${row * 7}` })) }),
    );
    const whole = encode(text);
    const damage = fc.record({
      length: fc.integer({ min: 0, max: whole.length }),
      flips: fc.array(fc.record({ at: fc.nat(whole.length - 1), bit: fc.nat(7) }), { maxLength: 3 }),
      chunk: fc.integer({ min: 1, max: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ length, flips, chunk }) => {
        const bytes = Buffer.from(whole);
        for (const { at, bit } of flips) bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const sent = requestOf(cut(bytes.subarray(0, length), chunk), { "content-encoding": encoding });
        try {
          const body = await read(sent, limits(20_000));
          if (flips.length === 0) expect(body.equals(text)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
          expect(error).toMatchObject({ code: expect.stringMatching(/^(INVALID_ARGUMENT|PAYLOAD_TOO_LARGE)$/) });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("readBody and encodings", () => {
  it.each(["gzip, gzip", "zstd", "compress", "__proto__", "gzip;q=1"])(
    "refuses the content encoding %j",
    async (encoding) => {
      await expect(read(requestOf([], { "content-encoding": encoding }), limits())).rejects.toMatchObject({
        code: "UNSUPPORTED_MEDIA_TYPE",
        message: expect.stringContaining("gzip, deflate, br"),
      });
    },
  );

  it("counts the encoded side of a body that decodes to nothing", async () => {
    const members = Array.from({ length: 100 }, () => gzipSync(Buffer.alloc(0)));
    await expect(read(requestOf(members, { "content-encoding": "gzip" }), limits())).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
  });
});

describe("readBody over a socket", () => {
  /** Starts a server that reads each body under `maxBytes` and answers with its length or the error's code. */
  async function listen(maxBytes: number) {
    const outcomes: Promise<string>[] = [];
    const server = createServer((incoming, outgoing) => {
      const outcome = read({ headers: incoming.headers, openBody: () => incoming }, limits(maxBytes)).then(
        (body) => `${body.length} bytes`,
        (error: unknown) => (error instanceof ServingError ? error.code : String(error)),
      );
      outcomes.push(outcome);
      void outcome.then((text) => outgoing.end(text));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return {
      port: address.port,
      outcomes,
      server,
      [Symbol.asyncDispose]: async () => void (await new Promise((done) => server.close(done).closeAllConnections())),
    };
  }

  it.each([
    ["plain", ""],
    ["gzip", "content-encoding: gzip\r\n"],
  ])("tells a caller who went away in the middle of a %s body from a damaged body", async (_, header) => {
    await using host = await listen(1000);
    const socket = connect(host.port, "127.0.0.1");
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${header}content-length: 500\r\n\r\n`);
    socket.write(gzipSync(Buffer.from("begun")).subarray(0, 12));
    await once(host.server, "request");
    socket.destroy();
    expect(await host.outcomes[0]).toBe("CANCELLED");
  });

  it("leaves the connection whole for the reply when it refuses a body midway", async () => {
    await using host = await listen(100_000);
    const call = httpRequest({ port: host.port, host: "127.0.0.1", method: "POST" });
    call.on("error", () => {});
    call.write(Buffer.alloc(150_000));
    const [reply] = await once(call, "response");
    expect((await reply.toArray()).join("")).toBe("PAYLOAD_TOO_LARGE");
    call.destroy();
  });
});
