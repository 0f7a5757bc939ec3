import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { api, bytes, type Context, service, t } from "@bento-ts/runtime";
import { listen, type ListeningService } from "../support/listening-service.ts";

@service({ name: "ends" })
class Ends {
  @api({ input: bytes(), output: t.Integer() })
  count(content: Uint8Array): number {
    return content.length;
  }

  @api({ input: bytes(), output: t.Integer() })
  async name(content: Uint8Array, ctx: Context): Promise<number> {
    ctx.setHeader(new TextDecoder().decode(content), "x");
    return content.length;
  }

  @api({ input: bytes(), output: t.Integer() })
  async wait(content: Uint8Array): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return content.length;
  }
}

let server: ListeningService;
let session: ClientHttp2Session;
beforeAll(async () => {
  server = await listen(Ends);
});
afterAll(() => server.close());
beforeEach(() => {
  session = connect(`http://${server.grpcAddress}`);
});
afterEach(() => session.destroy());

function open(method: string, more: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
  const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers", ...more };
  const stream = session.request({ ...headers, ":path": `/bento.ends.v1.Ends/${method}` });
  return stream.on("error", () => undefined).resume();
}

function statusOf(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = ({ "grpc-status": status }: IncomingHttpHeaders): void => {
      if (status !== undefined) resolve(String(status));
    };
    stream.on("response", look).on("trailers", look);
    stream.on("close", () => reject(new Error("closed without a status")));
  });
}

/** A message with the bytes of a text. */
function message(text: string): Buffer {
  const field = Buffer.concat([Buffer.from([0x0a, text.length]), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0, 0, 0, 0, field.length]), field]);
}

it("ends a call that was answered and whose caller leaves its half open", async () => {
  const stream = open("Wait", { "grpc-timeout": "50m" });
  const closed = new Promise((resolve) => stream.once("close", () => resolve(stream.rstCode)));
  stream.write(message("a"));
  expect(await statusOf(stream)).toBe("4");
  expect(await closed).toBe(0);
});

it.each(["http2-settings", "proxy-connection"])(
  "leaves out %s, which HTTP/2 forbids, and answers it and the other calls of the turn",
  async (name) => {
    const calls = Array.from({ length: 6 }, (_, at) => {
      const stream = open(at === 2 ? "Name" : "Count");
      stream.end(message(at === 2 ? name : "a"));
      return statusOf(stream);
    });
    expect(await Promise.all(calls)).toEqual(Array.from(calls, () => "0"));
  },
);

it.each(["597H", "720H", "27000H", "35792M", "2147484S", "99999999S"])(
  "gives a call of which the caller waits for %s the server's own time",
  async (timeout) => {
    const stream = open("Wait", { "grpc-timeout": timeout });
    stream.end(message("a"));
    expect(await statusOf(stream)).toBe("0");
  },
);

it("tells of a call whose deadline has passed as of one, not as of a caller who left", async () => {
  const stream = open("Wait", { "grpc-timeout": "60m" });
  stream.end(message("a"));
  expect(await statusOf(stream)).toBe("4");
  const ended = (reason: string) => `bento_calls_cancelled_total{api="wait",reason="${reason}",stage="run"}`;
  await expect.poll(() => server.metrics()).toContain(ended("deadline"));
  expect(await server.metrics()).not.toContain(ended("disconnect"));
});

it.each([
  ["a begun second one behind it", Buffer.concat([message("a"), Buffer.from([0, 0])]), "1", "end of the body"],
  ["none but a begun one", Buffer.from([0, 0, 0]), "1", "end of the body"],
  ["one that is marked as compressed, by nothing", Buffer.from([1, ...message("a").subarray(1)]), "3", "grpc-encoding"],
])("refuses a message with %s", async (_what, sent, status, told) => {
  const stream = open("Count");
  const text = new Promise((resolve) => stream.on("response", (fields) => resolve(fields["grpc-message"])));
  stream.end(sent);
  expect(await statusOf(stream)).toBe(status);
  expect(decodeURIComponent(String(await text))).toContain(told);
});
