import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer } from "../contract/surfaces/surface.ts";
import { type AttackedServer, everywhere, ROWS, startAttacked, tryEverywhere, WANTED } from "./attacked-server.ts";

// Good tokens whose claims are not enough, on every surface: security.md B, attacks 17 to 20.
let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked();
});
afterAll(() => server.close());

const { claim, value } = WANTED;

/** Claims beside those of a good caller, in place of what the rule asks for. */
const CLAIMS: Readonly<Record<string, object>> = {
  "17: missing": { [claim]: undefined },
  "17: an empty list": { [claim]: [] },
  "17: empty": { [claim]: "" },
  "17: null": { [claim]: null },
  "17: a number": { [claim]: 7 },
  "17: true": { [claim]: true },
  "18: a list in a list": { [claim]: [[value]] },
  "18: the key of an object": { [claim]: { [value]: true } },
  "18: the value of an object": { [claim]: { name: value } },
  "18: an object in a list": { [claim]: [{ name: value }] },
  "18: a star": { [claim]: "*" },
  "18: a pattern": { [claim]: ".*" },
  "18: joined by commas": { [claim]: `a,${value},b` },
  "18: joined by spaces": { [claim]: `a ${value} b` },
  "18: in another case": { [claim]: value.toUpperCase() },
  "18: with a space behind": { [claim]: `${value} ` },
  "18: longer": { [claim]: `${value}0` },
  "18: shorter": { [claim]: value.slice(0, -1) },
  "18: with an invisible character": { [claim]: `${value}\u200b` },
  "18: in letters that look the same": { [claim]: value.replace("e", "\u0435") },
  "18: with a NUL behind": { [claim]: `${value}\0` },
  "19: in scope": { [claim]: undefined, scope: value },
  "19: in groups": { [claim]: undefined, groups: [value] },
  "19: in roles": { [claim]: undefined, roles: [value] },
  "19: as the name": { [claim]: undefined, sub: value },
  "19: under a namespace": { [claim]: undefined, [`https://example.com/${claim}`]: value },
  "19: inside of another": { [claim]: undefined, claims: { [claim]: value } },
  "19: under a name with a slash": { [claim]: undefined, [`/${claim}`]: value },
  "19: under its name in another case": { [claim]: undefined, [claim.toUpperCase()]: value },
  "19: on the prototype": { [claim]: undefined, ["__proto__"]: { [claim]: value } },
};

/** A refusal may not tell what would have been enough. */
function expectSilent({ error, headers }: Answer): void {
  expect(error).toBe("this caller may not call this function");
  const told = JSON.stringify(headers);
  for (const secret of [claim, value, "groups", "allow", "platform"]) expect(told).not.toContain(secret);
}

describe("claims that are not enough", () => {
  it("are refused on every surface, and no answer tells what would be (17 to 20)", async () => {
    const ends: Record<string, unknown> = {};
    for (const [name, claims] of Object.entries(CLAIMS))
      ends[name] = await tryEverywhere(server, { authorization: `Bearer ${server.token(claims)}` }, expectSilent);
    const denied = everywhere(server, "denied");
    expect(ends).toEqual(Object.fromEntries(Object.keys(CLAIMS).map((name) => [name, denied])));
  });

  it("leave one line each, with the caller's name and the clause", () => {
    const lines = server.auditLines();
    expect(lines.length).toBe(Object.keys(CLAIMS).length * server.surfaces.length);
    for (const line of lines)
      expect(line).toMatchObject({ decision: "deny", reason: "policy_denied", status: 403, rule: "platform.allow" });
  });

  it("are challenged as RFC 6750 has it, and no scope is named", async () => {
    const headers = { authorization: `Bearer ${server.token({ [claim]: undefined })}` };
    const answer = await server.surfaces[0]?.call(ROWS, { headers });
    expect(answer?.headers["www-authenticate"]).toBe('Bearer realm="bento-ts", error="insufficient_scope"');
  });

  it.each([
    ["alone", { [claim]: value }],
    ["in a list", { [claim]: ["a", value] }],
  ])("are enough where the value stands %s", async (_, claims) => {
    const headers = { authorization: `Bearer ${server.token(claims)}` };
    expect(await tryEverywhere(server, headers)).toEqual(everywhere(server, "served"));
  });
});
