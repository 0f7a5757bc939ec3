import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { issueKey, type KeyOrder, listKeys, revokeKey } from "./edit-key-file.ts";
import { parseKeyFile } from "./key-file.ts";
import { digestOf } from "./key-text.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const ORDER: KeyOrder = {
  owner: "r-team",
  prefix: "bento",
  groups: ["r"],
  scopes: [],
  functions: ["score"],
  expiresMs: NOW + 90 * DAY,
  nowMs: NOW,
  force: false,
};

let dir = "";
let file = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-issue-"));
  file = join(dir, "keys");
});
afterEach(() => rm(dir, { recursive: true }));

describe("issueKey", () => {
  it("appends the digest of a key that is told once, and keeps what is there byte for byte", async () => {
    await writeFile(file, "# keys of the R team\r\n\r\n# no line end");
    const key = await issueKey(file, ORDER);
    const text = await readFile(file, "utf8");
    expect(text.startsWith("# keys of the R team\r\n\r\n# no line end\n")).toBe(true);
    expect(text).not.toContain(key.text);
    expect([...parseKeyFile(text).keys.values()]).toEqual([
      {
        id: key.id,
        sha256: digestOf(key.text).toString("hex"),
        owner: "r-team",
        groups: ["r"],
        scopes: [],
        functions: ["score"],
        notBeforeMs: undefined,
        expiresMs: NOW + 90 * DAY,
      },
    ]);
  });

  it("gives an owner two live keys, for rotation, and a third when it must", async () => {
    const [first, second] = [await issueKey(file, ORDER), await issueKey(file, ORDER)];
    await expect(issueKey(file, ORDER)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `r-team has 2 live keys (${first.id}, ${second.id}): revoke one first, or use --force`,
    });
    await issueKey(file, { ...ORDER, owner: "others" });
    await issueKey(file, { ...ORDER, force: true });
    expect(await listKeys(file, NOW)).toHaveLength(4);
    const later = { ...ORDER, nowMs: NOW + 90 * DAY, expiresMs: undefined };
    await issueKey(file, later);
    expect((await listKeys(file, later.nowMs)).map(({ state }) => state)).toEqual([
      "expired",
      "expired",
      "expired",
      "expired",
      "live",
    ]);
  });

  it("gives several at one time to one owner no more than two", async () => {
    const ends = await Promise.allSettled(Array.from({ length: 5 }, () => issueKey(file, ORDER)));
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(await listKeys(file, NOW)).toHaveLength(2);
  });

  it.each([
    [{ owner: " " }, "owner: expected a name"],
    [{ prefix: "a_b" }, 'prefix: expected a letter, then letters, digits and "-", at most 32, got "a_b"'],
    [{ groups: [""] }, "groups, scopes, functions: expected names, got an empty one"],
    [{ expiresMs: NOW }, "expires: expected a time to come, got 2026-01-01T00:00:00.000Z"],
  ])("refuses %j", async (order, message) => {
    await expect(issueKey(file, { ...ORDER, ...order })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
  });

  it("adds nothing to a file that no server would take", async () => {
    await writeFile(file, "oops\n");
    await expect(issueKey(file, ORDER)).rejects.toThrow(`${file}: line 1: expected a JSON object`);
    expect(await readFile(file, "utf8")).toBe("oops\n");
  });
});

describe("listKeys", () => {
  it("tells everything but digests", async () => {
    const { id } = await issueKey(file, ORDER);
    expect(await listKeys(file, NOW)).toEqual([
      {
        id,
        owner: "r-team",
        groups: ["r"],
        scopes: [],
        functions: ["score"],
        notBeforeMs: undefined,
        expiresMs: NOW + 90 * DAY,
        state: "live",
      },
    ]);
  });
});

describe("revokeKey", () => {
  it("removes the key's line alone, also from a file with a fault", async () => {
    const { id } = await issueKey(file, ORDER);
    const others = ["# a comment\r\n", "oops\r\n", `{"id":"${id}","but":"broken"}\n`];
    await writeFile(file, [others[0], others[1], await readFile(file, "utf8"), others[2]].join(""));
    await revokeKey(file, id);
    expect(await readFile(file, "utf8")).toBe(others.join(""));
  });

  it("tells of an id that is not there", async () => {
    await expect(revokeKey(file, "k1")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${file} has no key "k1"`,
    });
  });
});
