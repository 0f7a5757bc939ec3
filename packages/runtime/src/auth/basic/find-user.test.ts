import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { callerWith } from "../caller.fixture.ts";
import { findUser, splitUser } from "./find-user.ts";

const encode = (text: string | Uint8Array): string => Buffer.from(text).toString("base64");
const find = (...authorization: readonly string[]): string | undefined => findUser(callerWith({ authorization }));

describe("findUser", () => {
  it("finds user and password", () => {
    expect(find(`Basic ${encode("alice:secret")}`)).toBe("alice:secret");
    expect(find(`bAsIc   ${encode("alice:secret")}`)).toBe("alice:secret");
    // RFC 7617, section 2.1: "test" and "123£" in UTF-8.
    expect(find("Basic dGVzdDoxMjPCow==")).toBe("test:123£");
  });

  it("takes a password of 72 bytes", () => {
    const text = `a:${"é".repeat(36)}`;
    expect(find(`Basic ${encode(text)}`)).toBe(text);
  });

  it("splits at the first colon", () => {
    expect(splitUser("a:b:c")).toEqual({ user: "a", password: "b:c" });
  });

  it.each([undefined, "Bearer a.b.c", "", "Basic64 abc", encode("alice:secret")])("leaves %j to others", (field) => {
    expect(find(...(field === undefined ? [] : [field]))).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["a text without a colon", encode("alice")],
    ["no user", encode(":secret")],
    ["no password", encode("alice:")],
    ["a colon alone", encode(":")],
    ["a NUL in the password", encode("alice:sec\0ret")],
    ["a NUL in the user", encode("ali\0ce:secret")],
    ["a line end", encode("alice:secret\n")],
    ["what is not base64", "alice:secret"],
    ["base64 without padding", encode("alice:secre").replaceAll("=", "")],
    ["base64 with stray bits", "YTpiYy=="],
    ["base64url", encode("a:\u07ff\u07ff\u07ff").replaceAll("+", "-").replaceAll("/", "_")],
    ["base64 with a space", "YWxpY2 U6c2VjcmV0"],
    ["base64 twice", `${encode("alice:secret")},${encode("alice:secret")}`],
    ["bytes that are not UTF-8", encode(Uint8Array.of(0x61, 0x3a, 0xa3))],
    ["an overlong encoding", encode(Uint8Array.of(0x61, 0x3a, 0xc0, 0xaf))],
    ["73 bytes of password", encode(`a:${"x".repeat(73)}`)],
    ["37 letters of two bytes", encode(`a:${"é".repeat(37)}`)],
    ["9 KB", encode(`a:${"x".repeat(9000)}`)],
  ])("refuses %s", (_, credentials) => {
    expect(() => find(`Basic ${credentials}`)).toThrow(
      expect.objectContaining({
        code: "UNAUTHENTICATED",
        reason: "invalid_credentials",
        message: "the credentials are not valid",
        challenge: ['Basic realm="bento-ts", charset="UTF-8"'],
      }),
    );
  });

  it.each([
    [`Basic ${encode("a:b")}`, `Basic ${encode("a:b")}`],
    [`Basic ${encode("a:b")}`, "Bearer a.b.c"],
  ])("refuses two fields", (...fields) => {
    expect(() => find(...fields)).toThrow(expect.objectContaining({ reason: "ambiguous_credentials" }));
  });

  it("finds what RFC 7617 lets clients send", () => {
    const char = fc
      .string({ unit: "grapheme" })
      .filter((text) => !/[\u0000-\u001f\u007f]/.test(text) && text.isWellFormed());
    const user = char.filter((text) => text !== "" && !text.includes(":"));
    const password = char.filter((text) => text !== "" && Buffer.byteLength(text) <= 72);
    fc.assert(
      fc.property(user, password, (name, secret) => {
        const found = find(`Basic ${encode(`${name}:${secret}`)}`);
        expect(splitUser(found ?? "")).toEqual({ user: name, password: secret });
      }),
    );
  });

  it("throws nothing but refusals, whatever comes", () => {
    const field = fc.oneof(
      fc.string(),
      fc.base64String().map((text) => `Basic ${text}`),
      fc.uint8Array().map((bytes) => `Basic ${encode(bytes)}`),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 2 }), (fields) => {
        try {
          find(...fields);
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
        }
      }),
    );
  });
});
