import { describe, expect, it } from "vitest";
import { createHttpApp } from "./create-app.ts";

const app = createHttpApp({
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
  trustedProxies: [],
  closing: () => false,
  encodeError: (error, requestId) => ({
    status: 400,
    headers: {},
    body: `${error.code} ${requestId} ${error.message}`,
  }),
});

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
