import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { resolveIssuers } from "./resolve-issuers.ts";
import type { IssuerOptions } from "./types.ts";

const entry: IssuerOptions = { issuer: "https://idp.example/realm/", audiences: ["iris"] };

describe("resolveIssuers", () => {
  it("makes the choices that were left open", () => {
    const [issuer] = resolveIssuers([entry]);
    expect(issuer).toEqual({
      issuer: "https://idp.example/realm/",
      names: ["https://idp.example/realm/"],
      keys: {
        location: {
          kind: "discovery",
          url: "https://idp.example/realm/.well-known/openid-configuration",
          issuer: "https://idp.example/realm/",
        },
        caFile: undefined,
        tokenFile: undefined,
        maxStaleMs: 86_400_000,
      },
      requiredForReady: true,
      token: {
        algorithms: new Set(["RS256", "PS256", "ES256", "EdDSA"]),
        audiences: new Set(["iris"]),
        clockSkewMs: 60_000,
        maxTokenAgeMs: undefined,
        isAccessTokenOnly: false,
        acceptIdTokens: false,
        clientIds: undefined,
        requiredClaims: [],
      },
      principal: { issuer: "https://idp.example/realm/", prefix: "", claim: ["sub"], groupsClaim: undefined },
    });
  });

  it.each<readonly [string, Partial<IssuerOptions>, string]>([
    ["no audiences", { audiences: [] }, "/0/audiences"],
    ["an empty audience", { audiences: [""] }, "/0/audiences"],
    ["HS256", { algorithms: ["RS256", "HS256"] }, "/0/algorithms"],
    ["none", { algorithms: ["none"] }, "/0/algorithms"],
    ["RSA1_5", { algorithms: ["RSA1_5"] }, "/0/algorithms"],
    ["no algorithm", { algorithms: [] }, "/0/algorithms"],
    ["an http issuer", { issuer: "http://idp.example", jwksFile: "/keys" }, "/0/issuer"],
    ["an issuer that names no address and no keys", { issuer: "accounts.example" }, "/0/issuer"],
    ["an empty issuer", { issuer: "", jwksFile: "/keys" }, "/0/issuer"],
    ["keys over http", { jwksUri: "http://idp.example/keys" }, "/0/jwksUri"],
    ["keys over http at what looks like loopback", { jwksUri: "http://127.0.0.1.evil.example/keys" }, "/0/jwksUri"],
    ["a password in an address", { jwksUri: "https://a:b@idp.example/keys" }, "/0/jwksUri"],
    ["discovery over http", { discoveryUrl: "http://idp.example/d" }, "/0/discoveryUrl"],
    ["two places of keys", { jwksUri: "https://idp.example/keys", jwksFile: "/keys" }, "/0"],
    ["a skew above 5 minutes", { clockSkewMs: 300_001 }, "/0/clockSkewMs"],
    ["a negative skew", { clockSkewMs: -1 }, "/0/clockSkewMs"],
    ["an infinite age", { maxTokenAgeMs: Infinity }, "/0/maxTokenAgeMs"],
    ["another typ", { typ: "JWT" }, "/0/typ"],
    ["an empty path", { groupsClaim: [] }, "/0/groupsClaim"],
    ["a bad pointer", { principal: { claim: "/a~2" } }, "/0/principal/claim"],
    ["no client", { clientIds: [] }, "/0/clientIds"],
    ["an alias that is the issuer", { issuerAliases: [entry.issuer] }, "/0/issuer"],
  ])("refuses %s", (_, more, path) => {
    expect(() => resolveIssuers([{ ...entry, ...more }])).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        problems: [expect.objectContaining({ path })],
        message: expect.stringContaining(`${path}: `) as string,
      }),
    );
  });

  it("tells all mistakes at once", () => {
    let thrown: unknown;
    try {
      resolveIssuers([
        { ...entry, audiences: [] },
        { ...entry, algorithms: ["HS256"] },
      ]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ServingError);
    expect((thrown as ServingError).problems.map(({ path }) => path)).toEqual([
      "/0/audiences",
      "/1/issuer",
      "/1/algorithms",
    ]);
  });

  it.each<readonly [string | undefined, string | undefined, readonly string[]]>([
    [undefined, undefined, []],
    ["a:", "b:", []],
    ["", undefined, ["/0/principal/prefix"]],
    ["x:", "x:", ["/0/principal/prefix", "/1/principal/prefix"]],
    ["https://other.example", undefined, ["/0/principal/prefix"]],
  ])("takes no issuer whose callers could have the names of another's: prefixes %j and %j", (first, second, paths) => {
    const prefixed = (prefix: string | undefined): Partial<IssuerOptions> =>
      prefix === undefined ? {} : { principal: { prefix } };
    const two = [
      { ...entry, ...prefixed(first) },
      { ...entry, issuer: "https://other.example", ...prefixed(second) },
    ];
    let problems: ServingError["problems"] = [];
    try {
      resolveIssuers(two);
    } catch (error) {
      if (error instanceof ServingError) ({ problems } = error);
    }
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  it("lets readers of the documentation sign in with one issuer, found where it tells of itself", () => {
    const docs = { clientId: "docs" };
    expect(resolveIssuers([{ ...entry, docs }])[0]?.docs).toEqual({
      clientId: "docs",
      scopes: ["openid"],
      parameters: {},
      discoveryUrl: "https://idp.example/realm/.well-known/openid-configuration",
    });
    const two = [
      { ...entry, docs },
      { ...entry, issuer: "https://other.example", docs },
    ];
    expect(() => resolveIssuers(two)).toThrow("/1/docs: expected one issuer that the documentation signs in with");
    expect(() => resolveIssuers([{ ...entry, issuer: "team", jwksFile: "/keys", docs }])).toThrow(
      "/0/docs: expected an https address",
    );
  });

  it("takes 64 issuers and no more", () => {
    const many = (count: number): IssuerOptions[] =>
      Array.from({ length: count }, (_, index) => ({ ...entry, issuer: `https://idp${index}.example` }));
    expect(resolveIssuers(many(64))).toHaveLength(64);
    expect(() => resolveIssuers(many(65))).toThrow("expected at most 64 issuers, got 65");
  });

  it.each(["http://127.0.0.1:8080/keys", "http://[::1]:8080/keys", "http://localhost/keys"])(
    "takes http on loopback: %s",
    (jwksUri) => {
      expect(resolveIssuers([{ ...entry, jwksUri }])[0]?.keys.location).toEqual({ kind: "url", url: jwksUri });
    },
  );
});
