import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apr1 } from "./apr1.ts";
import { parseHtpasswd } from "./htpasswd-file.ts";

const BCRYPT = `$2y$05$${"a".repeat(53)}`;

describe("an htpasswd file", () => {
  it("holds users with bcrypt hashes, comments and blank lines between", () => {
    const { users, problems } = parseHtpasswd(`# team\r\nalice:${BCRYPT}\r\n\r\nbob:${BCRYPT.replace("2y", "2b")}\n`, {
      allowWeakHashes: false,
    });
    expect(problems).toEqual([]);
    expect([...users].map(([name, { kind }]) => [name, kind])).toEqual([
      ["alice", "bcrypt"],
      ["bob", "bcrypt"],
    ]);
  });

  it.each([
    ["alice", "expected user:hash"],
    [`:${BCRYPT}`, "expected user:hash"],
    ["alice:hunter2", "expected a bcrypt hash"],
    ["alice:$1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/", "expected a bcrypt hash"],
    [`alice:$5$salt$${"a".repeat(43)}`, "expected a bcrypt hash"],
    ["alice:rqXexS6ZhobKA", "expected a bcrypt hash"],
    [`alice:$2y$15$${"a".repeat(53)}`, "cost 15 is too high"],
    ["alice:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/", "$apr1$ is a weak hash"],
    ["alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SHA} is a weak hash"],
  ])("leaves out %j, says why by line and keeps the other users", (line, expected) => {
    const { users, problems } = parseHtpasswd(`${line}\nbob:${BCRYPT}`, { allowWeakHashes: false });
    expect([...users.keys()]).toEqual(["bob"]);
    expect(problems).toEqual([{ path: "line 1", message: expect.stringContaining(expected) as string }]);
    expect(problems[0]?.message).not.toContain("hunter2");
  });

  it("takes weak hashes when they are allowed", () => {
    const text = "a:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\nb:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
    const { users } = parseHtpasswd(text, { allowWeakHashes: true });
    expect([...users.values()].map(({ kind }) => kind)).toEqual(["apr1", "sha1"]);
  });

  it("refuses a user's second line", () => {
    expect(parseHtpasswd(`a:${BCRYPT}\na:${BCRYPT}`, { allowWeakHashes: false }).problems).toEqual([
      { path: "line 2", message: "this user stands on a line before" },
    ]);
  });

  it("takes any text without throwing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => void parseHtpasswd(text, { allowWeakHashes: true })),
    );
  });
});

// Made with openssl passwd -apr1.
it.each([
  ["secret", "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/"],
  ["a much longer password than sixteen bytes", "$apr1$rasmusle$PeYwcOa1DbOxJUHuh7KJj1"],
])("apr1 hashes %j as openssl does", async (password, hash) => {
  expect(await apr1(password, hash)).toBe(hash);
});
