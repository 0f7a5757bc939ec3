import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { headerOf, signToken } from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { type AttackedServer, goodClaims, outcomeOf, ROWS, startAttacked } from "./attacked-server.ts";

// What a caller does to be counted as another: security.md B, attack 46, with several issuers and on every surface.
const RATE = 5;
let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked(({ issuer }) => ({
    BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: "{}",
    // A second issuer whose name begins with the first's, by the same keys.
    BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify(
      [issuer, `${issuer}/tenant`].map((name) => ({
        issuer: name,
        audiences: ["models-aud-9c"],
        jwksUri: `${issuer}/keys`,
      })),
    ),
    BENTO_SECURITY_RATE_LIMITS: JSON.stringify([{ rate: RATE, window: "24h", per: "principal" }]),
  }));
});
afterAll(() => server.close());

type Headers = Readonly<Record<string, string>>;
const bearer = (claims: object): Headers => ({ authorization: `Bearer ${server.token(claims)}` });

/** How often calls with these headers are served, one surface after the other. */
async function servedOf(attempts: readonly (() => Headers)[]): Promise<readonly string[]> {
  const ends: string[] = [];
  for (const [at, headers] of attempts.entries()) {
    const surface = server.surfaces[at % server.surfaces.length];
    if (surface !== undefined) ends.push(outcomeOf(surface, await surface.call(ROWS, { headers: headers() })));
  }
  return ends;
}

const times = (count: number, headers: (at: number) => Headers): (() => Headers)[] =>
  Array.from({ length: count }, (_, at) => () => headers(at));
const exactly = (served: number, limited: number): readonly string[] => [
  ...Array.from({ length: served }, () => "served"),
  ...Array.from({ length: limited }, () => "limited"),
];

describe("a limit by principal", () => {
  it("is one count, whatever the token and the surface", async () => {
    expect(await servedOf(times(26, (at) => bearer({ sub: "ada", jti: `t${at}`, exp: 4_000_000_000 + at })))).toEqual(
      exactly(RATE, 21),
    );
  });

  it("is passed by no header and no claim that only looks like another caller", async () => {
    const tricks: readonly (() => Headers)[] = [
      () => ({ ...bearer({ sub: "ada" }), "x-forwarded-for": "198.51.100.9", forwarded: "for=198.51.100.9" }),
      () => ({
        ...bearer({ sub: "ada" }),
        "x-real-ip": "198.51.100.9",
        "x-client-ip": "198.51.100.9",
        "true-client-ip": "::1",
      }),
      () => ({ ...bearer({ sub: "ada" }), "x-user": "bob", "x-request-id": "other" }),
      () => bearer({ sub: "ada", azp: "another-client", client_id: "another-client" }),
      () => bearer({ sub: "ada", groups: ["admins"], name: "bob", email: "bob@example.com" }),
      () => ({
        authorization: `Bearer ${signToken(server.keys.ec, { ...goodClaims(server.idp.origin), sub: "ada" }, headerOf(server.keys.ec))}`,
      }),
      () => ({
        ...bearer({ sub: "ada" }),
        authorization: bearer({ sub: "ada" })["authorization"]?.replace("Bearer", "bearer  ") ?? "",
      }),
    ];
    expect(await servedOf(tricks.flatMap((trick) => server.surfaces.map(() => trick)))).toEqual(
      exactly(0, tricks.length * server.surfaces.length),
    );
  });

  it("counts no other caller with it: of another case, with a space, or of another issuer", async () => {
    const others = ["bob", "Ada", "ada ", "ada\0", "ad\u0430", "a".repeat(3_000), `${"a".repeat(2_999)}b`];
    for (const sub of others) expect([sub, await servedOf(times(1, () => bearer({ sub })))]).toEqual([sub, ["served"]]);
    const tenant = `${server.idp.origin}/tenant`;
    expect(await servedOf(times(1, () => bearer({ sub: "ada", iss: tenant })))).toEqual(["served"]);
  });

  it("tells callers apart whose issuer and name are the same when they are written in one", async () => {
    // <issuer>#/tenant#x and <issuer>/tenant#x are two callers, whatever joins the parts.
    const tenant = `${server.idp.origin}/tenant`;
    expect(await servedOf(times(RATE + 1, () => bearer({ sub: "x", iss: tenant })))).toEqual(exactly(RATE, 1));
    for (const sub of ["/tenant#x", "/tenant/x", "tenant#x", "#x"])
      expect([sub, await servedOf(times(1, () => bearer({ sub })))]).toEqual([sub, ["served"]]);
  });

  it("is charged for no call that is refused before", async () => {
    const refused = { authorization: "Bearer e30.e30.AA" };
    expect(await servedOf(times(20, () => refused))).toEqual(times(20, () => refused).map(() => "unauthenticated"));
    expect(await servedOf(times(RATE + 1, () => bearer({ sub: "carol" })))).toEqual(exactly(RATE, 1));
  });

  it("holds up no probe, and no caller who asks what there is", async () => {
    expect((await fetch(`${server.service.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.service.url}/v2/models/double`, { headers: bearer({ sub: "ada" }) })).status).toBe(
      200,
    );
  });
});
