import { describe, expect, it } from "vitest";
import type { FetchDocument } from "../../auth/oidc/fetch-document.ts";
import { pageClient } from "./page-client.ts";

const ISSUER = "https://idp.example.com";
const ENDPOINTS = { authorization_endpoint: `${ISSUER}/auth?tenant=a`, token_endpoint: `${ISSUER}/token` };

/** What the page finds when the issuer tells this of itself, and the faults that were told. */
async function found(document: object, entry: object = {}): Promise<readonly [unknown, readonly string[]]> {
  const faults: string[] = [];
  const onFault = (issuer: string, cause: unknown): void => void faults.push(`${issuer}: ${String(cause)}`);
  const fetch: FetchDocument = async ({ url }) => {
    if (url.href !== `${ISSUER}/.well-known/openid-configuration`) throw new Error(`not there: ${url.href}`);
    return { bytes: Buffer.from(JSON.stringify(document)), cacheControl: undefined };
  };
  const issuers = [
    { issuer: "https://other.example.com", audiences: ["a"] },
    { issuer: ISSUER, audiences: ["a"], docs: { clientId: "docs" }, ...entry },
  ];
  return [await (await pageClient({ issuers }, { fetch, onFault }))?.findSignIn(), faults];
}

describe("pageClient", () => {
  it("is there for the issuer that is configured with it alone", async () => {
    const parts = { fetch: undefined, onFault: () => undefined };
    expect(await pageClient({ issuers: [{ issuer: ISSUER, audiences: ["a"] }] }, parts)).toBeUndefined();
    const docs = { clientId: "docs", scopes: ["score"], parameters: { audience: "a" } };
    expect(await pageClient({ issuers: [{ issuer: ISSUER, audiences: ["a"], docs }] }, parts)).toMatchObject({
      issuer: ISSUER,
      ...docs,
    });
  });

  it.each([{}, { jwksUri: `${ISSUER}/keys` }])(
    "finds the endpoints where the issuer tells of itself: %j",
    async (entry) => {
      expect(await found({ issuer: ISSUER, ...ENDPOINTS }, entry)).toEqual([
        { authorizationUrl: `${ISSUER}/auth?tenant=a`, tokenUrl: `${ISSUER}/token`, scopes: ["openid"] },
        [],
      ]);
    },
  );

  it.each([
    [
      "a script",
      { ...ENDPOINTS, issuer: ISSUER, authorization_endpoint: "javascript:alert(1)" },
      "authorization_endpoint",
    ],
    ["plain http", { ...ENDPOINTS, issuer: ISSUER, token_endpoint: "http://idp.example.com/token" }, "token_endpoint"],
    ["nothing", { issuer: ISSUER }, "authorization_endpoint"],
    ["another issuer", { ...ENDPOINTS, issuer: "https://other.example.com" }, "byte for byte"],
  ])("finds nothing where it tells %s, and says why", async (_word, document, word) => {
    expect(await found(document)).toEqual([undefined, [expect.stringMatching(new RegExp(`^${ISSUER}: .*${word}`))]]);
  });
});
