import { afterAll, beforeAll, expect, it } from "vitest";
import { Gated } from "./gated.ts";
import { sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";

let victim: RunningVictim;
beforeAll(async () => {
  victim = await startVictim(Gated);
});
afterAll(() => victim.stop());

const PATHS = [
  "/docs/static/%2e%2e/%2e%2e/package.json",
  "/docs/static/..%2f..%2fpackage.json",
  "/docs/static/../../package.json",
  "/docs/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "/docs/static/..%5c..%5cpackage.json",
  "/docs/static/%00",
  "/docs/static/index.html%00.js",
  "/docs/static/%252e%252e/package.json",
  "/docs/static//etc/passwd",
  "/docs/static/.",
  "/docs/static/..",
  "/docs/static/%",
  "/docs/static/%ff",
  "/docs/..%2fhealthz",
  "/docs/json",
  "/docs/yaml",
  "/docs/__proto__",
  "/docs/static/constructor",
  "/openapi.json/",
  "/openapi.json?version=2.0",
  "/openapi.json?version=3.1&version=__proto__&__proto__[x]=1",
  "/openapi.yaml",
  "/.well-known/x",
  "/.git/config",
  "/node_modules/fastify/package.json",
];

it.each(PATHS)("GET %s gives nothing but the documentation, and never fails", async (path) => {
  const { replies } = await sendRaw(toWire({ method: "GET", path, headers: [["x-forwarded-prefix", "//evil"]] }), {
    port: victim.port,
  });
  expect(replies.length).toBe(1);
  const [reply] = replies;
  expect(reply?.status).toBeLessThan(500);
  if (reply?.status !== 200 && reply?.status !== 302) {
    expect(reply?.headers.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(reply?.text ?? "")).toMatchObject({ requestId: reply?.headers.get("x-request-id") });
  }
  expect(reply?.text).not.toMatch(/"(?:dependencies|devDependencies)"|root:|\/work\/|node_modules|evil/);
});
