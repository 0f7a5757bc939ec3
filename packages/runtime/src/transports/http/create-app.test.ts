import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { readBody } from "../../call/body/read-body.ts";
import type { HttpReply, HttpRequest } from "../../call/types.ts";
import { createHttpApp, type HttpAppOptions } from "./create-app.ts";

const options: HttpAppOptions = {
  advertised: ["/score"],
  routes: [
    {
      id: "native.score",
      method: "POST",
      path: "/score",
      handle: () => ({ status: 200, headers: { "content-type": "text/plain" }, body: "scored" }),
    },
  ],
  basePath: "/models",
  headersBytes: 16_384,
  requestTimeoutMs: 1_000,
  untakenBytes: 1e9,
  trustedProxies: [],
  closing: () => false,
  refuse: async (_request, error) => error,
  admitToDocs: async () => undefined,
  encodeError: (error, requestId) => ({
    status: 400,
    headers: {},
    body: `${error.code} ${requestId} ${error.message}`,
  }),
};
const app = createHttpApp(options);

describe("createHttpApp", () => {
  it("answers a route under the base path, with and without a slash at its end", async () => {
    for (const url of ["/models/score", "/models/score/"]) {
      const reply = await app.inject({ method: "POST", url });
      expect(reply.body).toBe("scored");
    }
  });

  it("names the methods of a path that is asked with another one, with and without a slash at its end", async () => {
    for (const url of ["/models/score", "/models/score/?a=1"]) {
      const reply = await app.inject({ method: "GET", url });
      expect(reply.headers["allow"]).toBe("POST");
      expect(reply.body).toContain("METHOD_NOT_ALLOWED");
    }
  });

  it("names the APIs where nothing answers", async () => {
    const reply = await app.inject({ method: "POST", url: "/score" });
    expect(reply.body).toMatch(/^NOT_FOUND .*the APIs are: POST \/models\/score$/);
  });

  it("ends a connection that is too old with its next reply, and no other", async () => {
    for (const [maxConnectionAgeMs, connection] of [
      [0, "close"],
      [60_000, "keep-alive"],
    ] as const) {
      const aged = createHttpApp({ ...options, maxConnectionAgeMs });
      const url = await aged.listen({ host: "127.0.0.1", port: 0 });
      const reply = await fetch(`${url}/models/score`, { method: "POST" });
      expect(reply.headers.get("connection")).toBe(connection);
      await reply.text();
      await aged.close();
    }
  });

  it("keeps a caller's request id that is fit for logs and makes another for one that is not", async () => {
    const good = await app.inject({ method: "POST", url: "/models/score", headers: { "x-request-id": "call-1_a.b" } });
    expect(good.headers["x-request-id"]).toBe("call-1_a.b");
    const bad = await app.inject({ method: "POST", url: "/models/score", headers: { "x-request-id": "a b" } });
    expect(bad.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("sends the security headers with every reply", async () => {
    for (const url of ["/models/score", "/nothing"]) {
      const { headers } = await app.inject({ method: "POST", url });
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      });
    }
  });
});

describe("the connection of a call", () => {
  const limits = { maxBytes: 100, limitName: "server.limits.json", signal: new AbortController().signal };
  const echo = async (request: HttpRequest): Promise<HttpReply> => {
    // As the pipeline does: who calls is asked before the body is read.
    await Promise.resolve();
    return { status: 200, headers: {}, body: `got ${String(await readBody(request, limits))}` };
  };

  /** Sends pieces one after the other, each after the server has seen the one before; gives all that came when `count` replies are there. */
  async function talk(pieces: readonly string[], count: number): Promise<string> {
    const server = createHttpApp({ ...options, routes: [{ id: "echo", method: "POST", path: "/echo", handle: echo }] });
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    for (const piece of pieces) {
      await new Promise((resolve) => socket.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (answer.split("HTTP/1.1 ").length <= count) await once(socket, "data");
    socket.destroy();
    await server.close();
    return answer;
  }

  const head = "POST /models/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n";

  it("stays open when the body came with the headers, and takes the next call", async () => {
    const answer = await talk([`${head}one`, `${head}two`], 2);
    expect(answer).toMatch(/got one[^]*got two$/);
    expect(answer).not.toContain("close");
  });

  it("stays open when the body came later or in pieces", async () => {
    const answer = await talk([head, "on", "e", `${head}two`], 2);
    expect(answer).toMatch(/got one[^]*got two$/);
    expect(answer).not.toContain("close");
  });

  it("answers calls that came in one piece in their order", async () => {
    const answer = await talk([`${head}one${head}two${head}six`], 3);
    expect(answer.match(/got [a-z]+/g)).toEqual(["got one", "got two", "got six"]);
  });
});
