import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Mirror } from "./mirror.ts";
import { type RawExchange, sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";

let victim: RunningVictim;
beforeAll(async () => {
  victim = await startVictim(Mirror);
});
afterAll(() => victim.stop());

const post = (
  path: string,
  value: unknown,
  headers: readonly (readonly [string, string])[] = [],
): Promise<RawExchange> =>
  sendRaw(toWire({ path, headers: [["content-type", "application/json"], ...headers], body: JSON.stringify(value) }), {
    port: victim.port,
  });

/** Texts that would end a header, a line, a text in quotes or a tag. */
const SPLITTERS = [
  "a\r\nx-evil: 1",
  "a\nx-evil: 1",
  "a\rx-evil: 1",
  "a\r\n\r\nHTTP/1.1 200 OK\r\nx-evil: 1\r\n\r\n",
  "a\u560d\u560ax-evil: 1",
  "a\0b",
  'a"; x="b',
  "a;b",
  "a,b",
  "a\u2028b",
  "../../etc/passwd",
  "C:\\windows\\system.ini",
  "\ud800",
  "a\udfffb",
  "😀",
  "",
  " ",
  "é",
  "text/html",
  "__proto__",
  "x".repeat(100_000),
  "<script>alert(1)</script>",
];

function expectOneWholeReply({ replies, closed }: RawExchange): void {
  expect(replies.length).toBe(1);
  expect(closed).toBe(true);
  const [reply] = replies;
  expect([200, 400, 500]).toContain(reply?.status);
  expect(reply?.headers.has("x-evil")).toBe(false);
  expect(reply?.headers.get("x-content-type-options")).toBe("nosniff");
  expect(reply?.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(reply?.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
}

describe("a reply made of a caller's words", () => {
  it.each(SPLITTERS.map((text) => [JSON.stringify(text.slice(0, 40)), text]))(
    "stays one reply: %s",
    async (_name, text) => {
      expectOneWholeReply(await post("/file", { mediaType: text, name: "a" }));
      expectOneWholeReply(await post("/header", { name: "x-a", value: text }));
      expectOneWholeReply(await post("/header", { name: text, value: "1" }));
      const named = await post("/file", { mediaType: "text/plain", name: text });
      expectOneWholeReply(named);
      // A name can always be written: it is percent-encoded.
      expect(named.replies[0]?.status).toBe(200);
      expect(named.replies[0]?.headers.get("content-disposition")).toMatch(
        /^attachment; filename\*=UTF-8''[\w%.~!*()'-]*$/,
      );
      for (const path of ["/echo", "/plain", "/tag"]) expectOneWholeReply(await post(path, text));
    },
  );

  it.each([
    "content-length",
    "Content-Length",
    "transfer-encoding",
    "connection",
    "content-type",
    "content-encoding",
    "x-request-id",
    "server",
    "date",
    "trailer",
    "upgrade",
    "keep-alive",
    "www-authenticate",
    "strict-transport-security",
    "x-content-type-options",
    "content-security-policy",
    "set-cookie\r\nx-evil",
    "",
    " ",
    ":",
    "a b",
  ])("can't set the header %j", async (name) => {
    const exchange = await post("/header", { name, value: "999" });
    expectOneWholeReply(exchange);
    expect(exchange.replies[0]?.status).toBe(500);
  });

  it.each(["html", "svg+xml", "javascript"])("as a file of %s is neither sniffed nor run nor shown", async (type) => {
    const { replies } = await sendRaw(
      toWire({ path: "/upload", headers: [["content-type", `image/${type}`]], body: "<script>" }),
      {
        port: victim.port,
      },
    );
    expect(replies[0]?.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(replies[0]?.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("what a caller says of the reply", () => {
  it.each([
    "gzip",
    "br",
    "gzip;q=0",
    "*;q=0",
    "br;q=NaN",
    "gzip;q=-1",
    "gzip;q=1e400",
    ";;;,,,===",
    "identity;q=0",
    "\u00e9",
    "gzip\t,\tbr",
    ",".repeat(20_000),
    "a;".repeat(10_000),
    "constructor",
    "__proto__;q=1",
    "toString, hasOwnProperty",
  ])("Accept-Encoding %j gives a body that can be read", async (coding) => {
    const { replies } = await sendRaw(
      toWire({
        path: "/echo",
        headers: [
          ["content-type", "application/json"],
          ["accept-encoding", coding],
        ],
        body: JSON.stringify("x".repeat(2_000)),
      }),
      { port: victim.port },
    );
    expect(replies.length).toBe(1);
    expect(replies[0]?.status).toBe(200);
    expect(["gzip", "br", undefined]).toContain(replies[0]?.headers.get("content-encoding"));
  });

  it.each(["a".repeat(65), "", "a b", "é", "a\tb", "{}", "a;b", '"', "a/b", "../..", "a, b", "%0d%0a", "$(x)"])(
    "x-request-id %j is not taken over",
    async (id) => {
      const { replies } = await post("/echo", "a", [["x-request-id", id]]);
      expect(replies[0]?.headers.get("x-request-id")).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );

  it("two x-request-id headers are none", async () => {
    const { replies } = await post("/echo", "a", [
      ["x-request-id", "a"],
      ["x-request-id", "b"],
    ]);
    expect(replies[0]?.headers.get("x-request-id")).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });

  it.each([
    ["x-forwarded-for", "1.2.3.4, 5.6.7.8"],
    ["x-forwarded-for", "not an address"],
    ["x-forwarded-for", ",".repeat(10_000)],
    ["x-forwarded-host", "evil.example"],
    ["x-forwarded-proto", "javascript"],
    ["x-forwarded-prefix", "//evil.example"],
    ["x-original-url", "/docs"],
    ["x-rewrite-url", "/docs"],
    ["x-http-method-override", "DELETE"],
    ["x-method-override", "GET"],
    ["forwarded", 'for="[::1]";host=evil'],
    ["x-user", "admin"],
    ["x-forwarded-client-cert", "By=spiffe://x"],
    ["authorization", "Bearer x"],
    ["proxy-authorization", "Basic eDp5"],
    ["cookie", "a=b; a=c; __proto__=1"],
    ["range", "bytes=0-0,-1"],
    ["if-match", "*"],
    ["if-none-match", "*"],
    ["if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"],
    ["te", "trailers, deflate"],
    ["trailer", "content-length"],
    ["prefer", "respond-async"],
    ["origin", "https://evil.example"],
    ["sec-websocket-key", "x"],
    ["http2-settings", "AAMAAABkAAQAAP__"],
    ["content-range", "bytes 0-1/10"],
    ["content-md5", "x"],
    ["content-language", "\u00e9"],
  ])("%s: %s changes nothing of the answer", async (name, value) => {
    const { replies } = await post("/echo", "same", [[name, value]]);
    expect(replies).toMatchObject([{ status: 200, text: '"same"' }]);
    expect(replies[0]?.headers.has("access-control-allow-origin")).toBe(false);
    expect([...(replies[0]?.headers.values() ?? [])].join()).not.toContain("evil");
  });
});

describe("callers who leave while their reply is compressed", () => {
  it("do not end the server", async () => {
    const body = JSON.stringify("y".repeat(500_000));
    const leaves = Array.from({ length: 60 }, (_, at) =>
      sendRaw(
        toWire({
          path: "/echo",
          headers: [
            ["content-type", "application/json"],
            ["accept-encoding", at % 2 === 0 ? "br" : "gzip"],
          ],
          body,
        }),
        { port: victim.port, withinMs: at },
      ),
    );
    await Promise.all(leaves);
    const { wire, replies } = await post("/echo", "y".repeat(500_000), [["accept-encoding", "gzip"]]);
    expect(replies[0]?.status).toBe(200);
    const compressed = Buffer.from(wire.slice(wire.indexOf("\r\n\r\n") + 4), "latin1");
    expect(gunzipSync(compressed).length).toBe(500_002);
    expect(victim.admission).toMatchObject({ running: 0, waiting: 0 });
  });
});
