import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { chooseKeys, parseKeySet } from "./key-set.ts";
import { createTestKey } from "./testing.fixture.ts";

const rsa = createTestKey("RS256", "r");
const ec = createTestKey("ES256", "e");
const okp = createTestKey("EdDSA", "o");
const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
const ed448 = generateKeyPairSync("ed448").publicKey.export({ format: "jwk" });
const kids = (keys: readonly unknown[]): unknown => parseKeySet({ keys }, "i").keys.map(({ kid }) => kid);

describe("parseKeySet", () => {
  it.each([
    ["a secret", { kty: "oct", k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ", kid: "x" }],
    ["a key for encryption", { ...rsa.jwk, use: "enc" }],
    ["a key whose operations are others", { ...rsa.jwk, key_ops: ["encrypt"] }],
    ["operations that are no list", { ...rsa.jwk, key_ops: "verify" }],
    ["an RSA key of 1024 bits", { ...short, kid: "x" }],
    ["an RSA key with the exponent 1", { ...rsa.jwk, e: "AQ" }],
    ["an RSA key with an even exponent", { ...rsa.jwk, e: "BA" }],
    ["a private key", { ...rsa.privateKey.export({ format: "jwk" }), kid: "x" }],
    ["Ed448", ed448],
    ["a point off its curve", { ...ec.jwk, y: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }],
    ["an unknown kind", { kty: "AKP", pub: "AAAA" }],
    ["a kid that is no text", { ...rsa.jwk, kid: 7 }],
    ["a modulus that is no text", { ...rsa.jwk, n: 7 }],
    ["null", null],
    ["a text", "key"],
  ])("leaves out %s", (_, jwk) => {
    expect(kids([jwk, ec.jwk])).toEqual(["e"]);
    expect(parseKeySet({ keys: [jwk, ec.jwk] }, "i").unusable).toBe(1);
  });

  it.each([
    ["no list of keys", {}, 'key set: expected a list in "keys"'],
    ["an empty list", { keys: [] }, "key set: none of 0 keys can verify signatures"],
    ["secrets alone", { keys: [{ kty: "oct", k: "AAAA" }] }, "key set: none of 1 keys can verify signatures"],
    ["201 keys", { keys: Array.from({ length: 201 }, () => ec.jwk) }, "key set: expected at most 200 keys, got 201"],
  ])("refuses %s", (_, document, message) => {
    expect(() => parseKeySet(document, "i")).toThrow(expect.objectContaining({ code: "UNAVAILABLE", message }));
  });

  it("tells keys apart by all that matters and by their issuer", () => {
    const id = (jwk: unknown, issuer = "i"): unknown => parseKeySet({ keys: [jwk] }, issuer).keys[0]?.id;
    const ids = [
      id(rsa.jwk),
      id(rsa.jwk, "j"),
      id({ ...rsa.jwk, kid: "s" }),
      id({ ...rsa.jwk, alg: "RS256" }),
      id(ec.jwk),
    ];
    expect(new Set(ids).size).toBe(5);
    expect(id({ ...rsa.jwk, x5t: "whatever" })).toBe(id(rsa.jwk));
  });
});

describe("chooseKeys", () => {
  const set = parseKeySet({ keys: [rsa.jwk, { ...rsa.jwk, kid: "p", alg: "PS256" }, ec.jwk, okp.jwk] }, "i");

  it.each([
    ["RS256", undefined, ["r"]],
    ["PS256", undefined, ["r", "p"]],
    ["ES256", undefined, ["e"]],
    ["ES384", undefined, []],
    ["EdDSA", undefined, ["o"]],
    ["RS256", "r", ["r"]],
    ["RS256", "e", []],
    ["RS256", "p", []],
    ["RS256", "R", []],
    ["RS256", "", []],
  ] as const)("for %s with kid %j gives %j", (alg, kid, expected) => {
    expect(chooseKeys(set, { alg, kid }).map((key) => key.kid)).toEqual(expected);
  });

  it("gives a token without kid at most 8 keys to try", () => {
    const many = parseKeySet(
      { keys: Array.from({ length: 20 }, (_, index) => ({ ...rsa.jwk, kid: `k${index}` })) },
      "i",
    );
    expect(chooseKeys(many, { alg: "RS256", kid: undefined })).toHaveLength(8);
  });
});
