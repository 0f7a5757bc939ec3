import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createTestKey,
  headerOf,
  serveKeys,
  signToken,
  startTestIdp,
  type TestIdp,
  type TestKey,
} from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { type AttackedServer, everywhere, goodClaims, startAttacked, tryEverywhere } from "./attacked-server.ts";

// One issuer that would speak for another, on every surface: security.md A2 and A3, attacks that are not on the list of part B.
const own = createTestKey("RS256", "shared");
const strangers = createTestKey("RS256", "shared");
const curve = createTestKey("ES256", "curve");
let other: TestIdp;
let server: AttackedServer;
beforeAll(async () => {
  other = await startTestIdp(serveKeys([strangers.jwk]));
  server = await startAttacked(({ issuer }) => ({
    BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
      { issuer, audiences: ["first"], jwksUri: `${issuer}/keys`, groupsClaim: "groups", algorithms: ["RS256"] },
      {
        issuer: other.origin,
        issuerAliases: ["other.example"],
        audiences: ["second"],
        jwksUri: `${other.origin}/keys`,
        groupsClaim: "roles",
        requiredClaims: { tenant: "ml" },
        clientIds: ["portal"],
      },
    ]),
    BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify({
      "*": {
        allow: [
          { issuer, groups: ["team"] },
          { issuer: other.origin, groups: ["partners"] },
        ],
        deny: [{ principals: [`${issuer}#banned`] }],
      },
    }),
  }));
  // The first issuer has a key of the same name.
  server.idp.answer = serveKeys([own.jwk, curve.jwk]);
});
afterAll(async () => {
  await server.close();
  await other.close();
});

interface Told {
  readonly iss?: unknown;
  readonly key?: TestKey;
  readonly [claim: string]: unknown;
}

/** A token as the first issuer makes them, with what is told in place of its own. */
function first({ key = own, ...claims }: Told = {}): Readonly<Record<string, string>> {
  const good = { ...goodClaims(server.idp.origin), aud: "first", sub: "ada", groups: ["team"] };
  return { authorization: `Bearer ${signToken(key, { ...good, ...claims }, headerOf(key))}` };
}

/** A token as the second makes them. */
function second({ key = strangers, ...claims }: Told = {}): Readonly<Record<string, string>> {
  const good = {
    ...goodClaims(other.origin),
    aud: "second",
    sub: "ada",
    roles: ["partners"],
    tenant: "ml",
    azp: "portal",
  };
  return { authorization: `Bearer ${signToken(key, { ...good, ...claims }, headerOf(key))}` };
}

describe("two issuers with keys of one name", () => {
  it("are each believed of their own callers", async () => {
    // The first look at keys found others: the unknown one makes the server look again.
    expect(await tryEverywhere(server, first())).toEqual(everywhere(server, "served"));
    expect(await tryEverywhere(server, second())).toEqual(everywhere(server, "served"));
    expect(await tryEverywhere(server, second({ iss: "other.example" }))).toEqual(everywhere(server, "served"));
  });

  it.each<[string, () => Readonly<Record<string, string>>]>([
    ["the second's key for the first", () => first({ key: strangers })],
    ["the first's key for the second", () => second({ key: own })],
    ["the second's audience at the first", () => first({ aud: "second" })],
    ["the first's audience at the second", () => second({ aud: "first" })],
    ["an alias of the second at the first's key", () => first({ iss: "other.example", aud: "second" })],
    ["an algorithm that the first does not use", () => first({ key: curve })],
    ["both issuers at once", () => first({ iss: [server.idp.origin, other.origin] })],
    ["an issuer with the prefix of the first", () => first({ iss: `${server.idp.origin}#ada` })],
    ["the first in another case", () => first({ iss: server.idp.origin.replace("http", "HTTP") })],
  ])("%s is refused on every surface", async (_name, headers) => {
    expect(await tryEverywhere(server, headers())).toEqual(everywhere(server, "unauthenticated"));
  });

  it.each<[string, () => Readonly<Record<string, string>>]>([
    ["the second's group of the first's name", () => second({ roles: ["team"] })],
    ["the second's groups in the first's claim", () => second({ roles: [], groups: ["partners", "team"] })],
    ["the first's group of the second's name", () => first({ groups: ["partners"] })],
    ["the first's groups in the second's claim", () => first({ groups: [], roles: ["team", "partners"] })],
    ["another tenant", () => second({ tenant: "hr" })],
    ["no tenant", () => second({ tenant: undefined })],
    ["another client", () => second({ azp: "laptop" })],
    ["no client", () => second({ azp: undefined })],
    ["two clients", () => second({ client_id: "laptop" })],
    ["a name that is denied", () => first({ sub: "banned" })],
  ])("%s is not enough on any surface", async (_name, headers) => {
    expect(await tryEverywhere(server, headers())).toEqual(everywhere(server, "denied"));
  });

  it("do not share names: who is denied of one is nobody of the other", async () => {
    expect(await tryEverywhere(server, second({ sub: "banned" }))).toEqual(everywhere(server, "served"));
    const names = new Set(server.auditLines().flatMap(({ principal }) => principal ?? []));
    expect(names).toEqual(
      new Set([
        `${server.idp.origin}#ada`,
        `${other.origin}#ada`,
        `${server.idp.origin}#banned`,
        `${other.origin}#banned`,
      ]),
    );
  });

  it("are fetched from by nobody's word: each was asked for its keys alone", () => {
    for (const { requests } of [server.idp, other])
      expect(new Set(requests.map(({ path }) => path))).toEqual(new Set(["/keys"]));
    // One look at the start, and one for the key that came later.
    expect(server.idp.requests.length).toBeLessThanOrEqual(2);
  });
});
