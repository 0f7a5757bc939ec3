import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../contract/surfaces/surface.ts";
import {
  type AttackedServer,
  everywhere,
  goodClaims,
  ROWS,
  startAttacked,
  tryEverywhere,
  WANTED,
} from "./attacked-server.ts";
import { forgedTokens } from "./forged-tokens.ts";

// Tokens that are forged, on every surface: security.md B, attacks 1 to 16.
let server: AttackedServer;
let tokens: Readonly<Record<string, string>>;
beforeAll(async () => {
  server = await startAttacked();
  const { idp, keys } = server;
  tokens = forgedTokens({ ...keys, good: goodClaims(idp.origin), attackerUrl: `${idp.origin}/attacker` });
});
afterAll(() => server.close());

/** The texts that callers with a bad token may read: security.md A4. */
const TEXTS = ["the token is not valid", "the token has expired", "the token is not yet valid"];

/** Nothing in an answer may help to forge a better token. */
function expectSilent({ error, headers }: Answer): void {
  expect(TEXTS).toContain(error);
  const told = JSON.stringify(headers);
  for (const secret of ["models-aud-9c", "rsa", WANTED.claim, WANTED.value, "jose", "iss", "aud"])
    expect(told).not.toContain(secret);
}

describe("a forged token", () => {
  it("is refused on every surface, for one of three reasons that tell nothing", async () => {
    const ends: Record<string, unknown> = {};
    for (const [name, token] of Object.entries(tokens))
      ends[name] = await tryEverywhere(server, { authorization: `Bearer ${token}` }, expectSilent);
    const refused = everywhere(server, "unauthenticated");
    expect(Object.keys(ends).length).toBeGreaterThan(70);
    expect(ends).toEqual(Object.fromEntries(Object.keys(tokens).map((name) => [name, refused])));
  });

  it("makes the server ask nobody but its issuer, and that once", () => {
    expect(server.idp.requests.map(({ path }) => path)).toEqual(["/keys"]);
  });

  it("leaves one line each, of nobody and without the token", () => {
    const lines = server.auditLines();
    expect(lines.length).toBe(Object.keys(tokens).length * server.surfaces.length);
    for (const line of lines)
      expect(line).toMatchObject({ decision: "deny", principal: null, status: 401, reason: expect.any(String) });
    const written = server.auditText() + server.logText();
    for (const token of Object.values(tokens)) {
      const [, claims = ""] = token.split(".");
      if (claims.length > 8) expect(written).not.toContain(claims);
    }
  });

  it("is challenged over HTTP as RFC 6750 has it", async () => {
    const [rest] = server.surfaces;
    const answer = await rest?.call(ROWS, { headers: { authorization: `Bearer ${tokens["13: exp 0"] ?? ""}` } });
    expect(answer?.headers["www-authenticate"]).toBe(
      'Bearer realm="bento-ts", error="invalid_token", error_description="the token has expired"',
    );
  });

  it("of 60 KB is refused on every surface, and others are served (12)", async () => {
    const huge = { authorization: `Bearer e30.${"A".repeat(60_000)}.AAAA` };
    for (const surface of server.surfaces) {
      if (surface.transport === "http") {
        const reply = await fetch(`${server.service.url}/double`, { method: "POST", headers: huge, body: "[]" });
        expect(reply.status).toBe(431);
      } else expect([8, 13, 14, 16]).toContain((await surface.call(ROWS, { headers: huge })).status);
    }
    expect(await tryEverywhere(server, { authorization: `Bearer ${server.token()}` })).toEqual(
      everywhere(server, "served"),
    );
  });
});
