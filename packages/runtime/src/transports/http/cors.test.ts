import { describe, expect, it } from "vitest";
import { createCors, isPreflight } from "./cors.ts";

const options = {
  origins: ["https://app.example.com"],
  credentials: false,
  exposedHeaders: ["x-request-id", "retry-after"],
  maxAgeMs: 600_000,
};
const good = "https://app.example.com";

function cors(more: Partial<typeof options> = {}): NonNullable<ReturnType<typeof createCors>> {
  const made = createCors({ ...options, ...more });
  if (made === undefined) throw new Error("expected origins");
  return made;
}

describe("createCors", () => {
  it("says nothing at all without origins", () => {
    expect(createCors({ ...options, origins: [] })).toBeUndefined();
  });

  it("names a page that may call, and says of every reply that it depends on the page", () => {
    expect(cors().replyLines(good).join(" ")).toBe(
      `vary Origin access-control-allow-origin ${good} access-control-expose-headers x-request-id, retry-after`,
    );
    expect(cors().replyLines(undefined)).toEqual(["vary", "Origin"]);
    expect(cors().replyLines("https://evil.example")).toEqual(["vary", "Origin"]);
    expect(cors({ origins: ["*"] }).replyLines("null")).toEqual(["vary", "Origin"]);
  });

  it("lets cookies be sent where that is configured", () => {
    expect(cors({ credentials: true }).replyLines(good)).toContain("access-control-allow-credentials");
  });

  it("answers the question before a call without a body, with the headers that were asked for", () => {
    const asked = { origin: good, "access-control-request-headers": "authorization, content-type" };
    expect(cors().preflight(asked)).toEqual({
      status: 204,
      headers: {
        "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE",
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": "600",
      },
      body: undefined,
    });
  });

  it.each(["a b", "a\r\nset-cookie: x", "x,", "a".repeat(2_049)])("does not repeat what are no names: %j", (names) => {
    const { headers } = cors().preflight({ origin: good, "access-control-request-headers": names });
    expect(headers).not.toHaveProperty("access-control-allow-headers");
  });

  it("tells another site's page nothing", () => {
    expect(cors().preflight({ origin: "https://evil.example" })).toEqual({ status: 204, headers: {}, body: undefined });
  });

  it("knows a question by its method and both of its headers", () => {
    const headers = { origin: good, "access-control-request-method": "POST" };
    expect(isPreflight("OPTIONS", headers)).toBe(true);
    expect(isPreflight("POST", headers)).toBe(false);
    expect(isPreflight("OPTIONS", { origin: good })).toBe(false);
    expect(isPreflight("OPTIONS", { "access-control-request-method": "POST" })).toBe(false);
  });

  it.each([
    ["another site's page", { origin: "https://evil.example" }, true],
    ["a sandboxed page", { origin: "null" }, true],
    ["a picture on another site", { "sec-fetch-site": "cross-site" }, true],
    ["a page that may call", { origin: good }, false],
    ["a page of this server", { origin: "https://models.example.com" }, false],
    ["no page at all", {}, false],
    ["a link that a person typed", { "sec-fetch-site": "none" }, false],
  ])("takes a request with cookies from %s as a forgery or not", (_who, headers, expected) => {
    const request = { ...headers, host: "models.example.com", cookie: "session=1" };
    expect(cors({ credentials: true }).isForgery("POST", request)).toBe(expected);
    expect(cors({ credentials: true }).isForgery("POST", { ...request, cookie: undefined })).toBe(false);
    expect(cors().isForgery("POST", request)).toBe(false);
  });
});
