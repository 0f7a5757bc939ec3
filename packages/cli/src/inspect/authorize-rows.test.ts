import { describe, expect, it } from "vitest";
import { authorizeRows } from "./authorize-rows.ts";

describe("authorizeRows", () => {
  it("tells a rule a line, denials first, with types that can be told apart", () => {
    const authorize = {
      allow: [
        { groups: ["iris-team", "two words"], issuer: "https://idp.example.com" },
        { claim: ["kubernetes.io", "level"], anyOf: [3, "3", true, "true"] },
        { claim: "/tenant", exists: true },
      ],
      deny: [{ principals: ["svc-old"] }],
    };
    expect(authorizeRows(authorize)).toEqual([
      ["deny", "principals svc-old"],
      ["allow", 'groups iris-team, "two words"; issuer https://idp.example.com'],
      ["allow", 'claim ["kubernetes.io","level"]; anyOf 3, "3", true, "true"'],
      ["allow", "claim /tenant; exists true"],
    ]);
  });

  it.each([
    [null, [["callers", "whom the platform lets in"]]],
    [{}, [["callers", "whom the platform lets in"]]],
    ["public" as const, [["callers", "everybody, where security.authorOverridable lets the author say so"]]],
    [{ allow: [] }, [["allow", "nobody"]]],
    [{ deny: [] }, [["deny", "everybody"]]],
  ])("tells of %j", (authorize, rows) => {
    expect(authorizeRows(authorize)).toEqual(rows);
  });

  it("lets no name steer the terminal", () => {
    expect(authorizeRows({ allow: [{ groups: ["a\u001b[31m"] }] })).toEqual([
      ["allow", String.raw`groups a\u001b[31m`],
    ]);
  });
});
