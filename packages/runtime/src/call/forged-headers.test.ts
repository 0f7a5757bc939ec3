import { describe, expect, it } from "vitest";
import { isVouchedHeader, withoutForged } from "./forged-headers.ts";

describe("withoutForged", () => {
  it.each([
    "x-forwarded-for",
    "x-forwarded-user",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x_forwarded_user",
    "x-user",
    "x-user-id",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-ssl-client-verify",
    "ssl-client-cert",
    "x-jwt-payload",
    "x-remote-user",
    "remote-user",
    "x-real-ip",
    "forwarded",
    "true-client-ip",
  ])("takes %s away", (name) => {
    expect(withoutForged({ [name]: "admin", accept: "*/*" })).toEqual({ accept: "*/*" });
  });

  it.each([
    "x-request-id",
    "x-api-key",
    "x-request-timeout-ms",
    "content-type",
    "authorization",
    "x-clients",
    "from",
    "traceparent",
  ])("leaves %s", (name) => {
    expect(isVouchedHeader(name)).toBe(false);
  });

  it("gives the object itself where nothing is forged, and never changes it", () => {
    const plain = { accept: "*/*" };
    expect(withoutForged(plain)).toBe(plain);
    const forged = { "x-user": "admin" };
    withoutForged(forged);
    expect(forged).toEqual({ "x-user": "admin" });
  });
});
