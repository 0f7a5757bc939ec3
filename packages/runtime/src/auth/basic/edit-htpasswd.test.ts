import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deleteUser, isPasswordOf, setPassword } from "./edit-htpasswd.ts";

let dir = "";
let file = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-htpasswd-"));
  file = join(dir, "users");
});
afterEach(() => rm(dir, { recursive: true }));

const set = (user: string, password: string, cost = 10): ReturnType<typeof setPassword> =>
  setPassword(file, { user, password, cost });

describe("setPassword", () => {
  it("adds a user, then changes the password in place, and keeps every other line byte for byte", async () => {
    await writeFile(file, "# team\r\n\r\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\r\nbroken");
    expect(await set("alice", "secret")).toBe("added");
    const text = await readFile(file, "utf8");
    expect(text).toMatch(
      /^# team\r\n\r\nbob:\{SHA\}5en6G6MezRroT3XKqkdPOmY\/BfQ=\r\nbroken\nalice:\$2y\$10\$[./A-Za-z0-9]{53}\n$/,
    );
    expect(await set("bob", "changed")).toBe("changed");
    expect(await readFile(file, "utf8")).toMatch(/^# team\r\n\r\nbob:\$2y\$10\$[./A-Za-z0-9]{53}\r\nbroken\nalice:/);
    expect(await isPasswordOf(file, { user: "alice", password: "secret" })).toBe(true);
    expect(await isPasswordOf(file, { user: "bob", password: "changed" })).toBe(true);
    expect(await isPasswordOf(file, { user: "bob", password: "Changed" })).toBe(false);
  });

  it("leaves one line of a user who had two", async () => {
    await writeFile(file, "a:x\nb:y\na:z\n");
    await set("a", "secret");
    expect(await readFile(file, "utf8")).toMatch(/^a:\$2y\$10\$.{53}\nb:y\n$/);
  });

  it.each([
    ["alice", "", "the password is empty"],
    ["alice", "x".repeat(73), "the password has 73 bytes: bcrypt reads at most 72"],
    ["alice", "é".repeat(37), "the password has 74 bytes: bcrypt reads at most 72"],
    ["alice", "a\0b", "the password has control characters"],
    ["alice", "\ud800", "the password is not Unicode text"],
    ["a:b", "secret", 'got "a:b"'],
    ["", "secret", 'got ""'],
    ["#alice", "secret", 'got "#alice"'],
    ["alice\nbob:x", "secret", String.raw`got "alice\nbob:x"`],
  ])("refuses %j with %j", async (user, password, message) => {
    await expect(set(user, password)).rejects.toThrow(message);
  });

  it.each([9, 15, 10.5, NaN])("refuses the cost %j", async (cost) => {
    await expect(set("alice", "secret", cost)).rejects.toThrow(`cost: expected 10 to 14, got ${cost}`);
  });
});

describe("deleteUser", () => {
  it("removes the user's lines alone", async () => {
    await writeFile(file, "# a:\r\na:x\nab:y\r\na:z");
    await deleteUser(file, "a");
    expect(await readFile(file, "utf8")).toBe("# a:\r\nab:y\r\n");
    await expect(deleteUser(file, "a")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${file} has no user "a"`,
    });
  });
});
