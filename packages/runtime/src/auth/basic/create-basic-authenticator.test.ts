import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verify } from "@node-rs/bcrypt";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Problem } from "../../errors.ts";
import { callerWith } from "../caller.fixture.ts";
import { TestClock } from "../oidc/testing.fixture.ts";
import {
  type BasicAuthenticator,
  type BasicAuthenticatorOptions,
  createBasicAuthenticator,
} from "./create-basic-authenticator.ts";
import { verifyNow } from "../verify-now.ts";
import { createPasswordVerifier } from "./verify-password.ts";

// crypt_blowfish 1.3, wrapper.c: the hashes of "U*U" and "U*U*".
const HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const OTHER_HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";
const SHA = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";

let dir = "";
let open: BasicAuthenticator | undefined;
let hashed: string[] = [];
let faults: unknown[] = [];
let leftOut: Problem[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-basic-"));
  [hashed, faults, leftOut] = [[], [], []];
});
afterEach(async () => {
  open?.close();
  await rm(dir, { recursive: true });
});

const write = async (name: string, text: string): Promise<void> => {
  await writeFile(join(dir, "new"), text);
  await rename(join(dir, "new"), join(dir, name));
};
const start = async (options: Partial<BasicAuthenticatorOptions> = {}): Promise<BasicAuthenticator> => {
  const verifyPassword = createPasswordVerifier({
    maxAtOnce: 2,
    maxQueued: 32,
    compareBcrypt: (password, hash) => {
      hashed.push(hash);
      return verify(password, hash);
    },
  });
  open = await createBasicAuthenticator({
    htpasswdFile: join(dir, "users"),
    secretDir: null,
    allowWeakHashes: false,
    onFault: (error) => faults.push(error),
    onLinesLeftOut: (problems) => leftOut.push(...problems),
    clock: new TestClock(0),
    everyMs: 5,
    verifyPassword,
    ...options,
  });
  return open;
};
const REFUSED = expect.objectContaining({
  code: "UNAUTHENTICATED",
  reason: "invalid_credentials",
  message: "the credentials are not valid",
  challenge: ['Basic realm="bento-ts", charset="UTF-8"'],
}) as Error;

describe("users of an htpasswd file", () => {
  it("are who their password says", async () => {
    await write("users", `alice:${HASH}\n`);
    const users = await start();
    const authorization = `Basic ${Buffer.from("alice:U*U").toString("base64")}`;
    const credential = users.find(callerWith({ authorization })) ?? "";
    expect(await verifyNow(users, credential, callerWith({}))).toEqual({
      name: "alice",
      issuer: undefined,
      method: "basic",
      groups: [],
      scopes: [],
      clientId: undefined,
      credentialId: undefined,
      claims: {},
      expiresAtMs: undefined,
    });
  });

  it("are hashed by the server's own library off the loop unless told otherwise", async () => {
    await write("users", `alice:${HASH}`);
    const { htpasswdFile, ...rest } = { htpasswdFile: join(dir, "users"), secretDir: null, allowWeakHashes: false };
    open = await createBasicAuthenticator({ htpasswdFile, ...rest, onFault: () => 0, onLinesLeftOut: () => 0 });
    expect(await verifyNow(open, "alice:U*U", callerWith({}))).toMatchObject({ name: "alice" });
    await expect(verifyNow(open, "alice:U*u", callerWith({}))).rejects.toThrow(REFUSED);
  });

  it.each([
    ["another password", "alice:U*u"],
    ["another user's password", "alice:U*U*"],
    ["another case of the user", "Alice:U*U"],
    ["the hash as password", `alice:${HASH}`],
    ["an unknown user", "mallory:U*U"],
    ["a member of every object", "constructor:U*U"],
    ["a user with a space", "alice :U*U"],
  ])("are not proved by %s", async (_, credential) => {
    await write("users", `alice:${HASH}\nbob:${OTHER_HASH}`);
    const users = await start();
    await expect(verifyNow(users, credential, callerWith({}))).rejects.toThrow(REFUSED);
  });

  it("cost one hash of the costliest kind when they are unknown, even with the right password of another", async () => {
    const costly = HASH.replace("$05$", "$06$");
    await write("users", `alice:${HASH}\nbob:${costly}\ncarol:${SHA}`);
    const users = await start({ allowWeakHashes: true });
    for (const credential of ["bob:wrong", "mallory:wrong", "mallory:U*U"])
      await expect(verifyNow(users, credential, callerWith({}))).rejects.toThrow(REFUSED);
    expect(hashed).toEqual([costly, costly, costly]);
  });

  it("are remembered for a minute after a right password, never after a wrong one", async () => {
    const clock = new TestClock(0);
    await write("users", `alice:${HASH}`);
    const users = await start({ clock });
    await verifyNow(users, "alice:U*U", callerWith({}));
    clock.advance(59_999);
    expect(verifyNow(users, "alice:U*U", callerWith({}))).toMatchObject({ name: "alice" });
    expect(hashed).toHaveLength(1);
    clock.advance(1);
    await verifyNow(users, "alice:U*U", callerWith({}));
    expect(hashed).toHaveLength(2);
    for (const count of [3, 4]) {
      await expect(verifyNow(users, "alice:wrong", callerWith({}))).rejects.toThrow(REFUSED);
      expect(hashed).toHaveLength(count);
    }
  });

  it("are hashed once for calls that come together", async () => {
    await write("users", `alice:${HASH}`);
    const users = await start();
    await Promise.all(Array.from({ length: 100 }, () => verifyNow(users, "alice:U*U", callerWith({}))));
    expect(hashed).toHaveLength(1);
  });

  it("are turned away while 34 others are looked at", async () => {
    await write("users", `alice:${HASH}`);
    const users = await start();
    const tries = Array.from({ length: 150 }, async (_, index) =>
      verifyNow(users, `alice:wrong${index}`, callerWith({})),
    );
    const reasons = (await Promise.allSettled(tries)).map((end) => ("reason" in end ? end.reason.reason : "let in"));
    expect(reasons.filter((reason) => reason === "invalid_credentials")).toHaveLength(34);
    expect(reasons.filter((reason) => reason === "passwords_busy")).toHaveLength(116);
    expect(hashed).toHaveLength(34);
  });

  it("are forgotten when their line goes or changes, remembered or not", async () => {
    await write("users", `alice:${HASH}\nbob:${HASH}`);
    const users = await start();
    for (const credential of ["alice:U*U", "bob:U*U"]) await verifyNow(users, credential, callerWith({}));
    await write("users", `bob:${OTHER_HASH}`);
    for (const credential of ["alice:U*U", "bob:U*U"])
      await vi.waitFor(() => expect(async () => verifyNow(users, credential, callerWith({}))).rejects.toThrow(REFUSED));
    expect(await verifyNow(users, "bob:U*U*", callerWith({}))).toMatchObject({ name: "bob" });
  });

  it("are refused when their line goes while their password is hashed", async () => {
    await write("users", `alice:${HASH}`);
    let changed = (): void => undefined;
    const hasChanged = new Promise<void>((resolve) => (changed = resolve));
    const users = await start({
      onChange: () => changed(),
      verifyPassword: async () => {
        await write("users", "");
        await hasChanged;
        return true;
      },
    });
    await expect(verifyNow(users, "alice:U*U", callerWith({}))).rejects.toThrow(REFUSED);
  });

  it("without any, let nobody in", async () => {
    await write("users", "# nobody yet\n");
    const users = await start();
    await expect(verifyNow(users, "alice:U*U", callerWith({}))).rejects.toThrow(REFUSED);
  });
});

describe("an htpasswd file that is broken", () => {
  it("loses its faulty lines, which are told, and keeps the others", async () => {
    await write("users", `alice:plain\nbob:${HASH}`);
    const users = await start();
    expect(leftOut.map(({ path }) => path)).toEqual(["line 1"]);
    expect(await verifyNow(users, "bob:U*U", callerWith({}))).toMatchObject({ name: "bob" });
    await expect(verifyNow(users, "alice:plain", callerWith({}))).rejects.toThrow(REFUSED);
  });

  it.each([
    ["with two lines of one user", `alice:${HASH}\nalice:${OTHER_HASH}`, "line 2: this user stands on a line before"],
    ["without a good line", "alice:plain", "line 1: expected a bcrypt hash"],
  ])("%s stops the start, and changes nothing later on", async (_, text, message) => {
    await write("users", text);
    await expect(start()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(message) as string,
    });
    await write("users", `alice:${HASH}`);
    const users = await start();
    await write("users", text);
    await vi.waitFor(() => expect(faults).toHaveLength(1));
    expect(await verifyNow(users, "alice:U*U", callerWith({}))).toMatchObject({ name: "alice" });
  });
});

describe("a mounted secret", () => {
  const mounted = (): Partial<BasicAuthenticatorOptions> => ({ htpasswdFile: null, secretDir: dir });

  it("holds an htpasswd file", async () => {
    await write("auth", `alice:${HASH}`);
    const users = await start(mounted());
    expect(await verifyNow(users, "alice:U*U", callerWith({}))).toMatchObject({ name: "alice" });
  });

  it("holds one user and a password, which is told from others", async () => {
    await write("username", "alice\n");
    await write("password", "secret\r\n");
    const users = await start(mounted());
    expect(await verifyNow(users, "alice:secret", callerWith({}))).toMatchObject({ name: "alice", method: "basic" });
    for (const credential of ["alice:Secret", "alice:secret\n", "alice:secre", "Alice:secret", "bob:secret"])
      await expect(verifyNow(users, credential, callerWith({}))).rejects.toThrow(REFUSED);
    await write("password", "changed");
    await vi.waitFor(async () =>
      expect(await verifyNow(users, "alice:changed", callerWith({}))).toMatchObject({ name: "alice" }),
    );
    await expect(verifyNow(users, "alice:secret", callerWith({}))).rejects.toThrow(REFUSED);
  });

  it.each(["auth", "username and password"])(
    "of %s is known at once to who has proved it, and to nobody elsewhere",
    async (form) => {
      if (form === "auth") await write("auth", `alice:${HASH}`);
      else {
        await write("username", "alice");
        await write("password", "U*U");
      }
      const users = await start(mounted());
      const from = (clientIp: string) => ({ ...callerWith({}), clientIp });
      expect(users.verify("alice:U*U", from("192.0.2.1"))).toBeTypeOf("function");
      await verifyNow(users, "alice:U*U", from("192.0.2.1"));
      expect(users.verify("alice:U*U", from("192.0.2.1"))).toMatchObject({ name: "alice" });
      // Else a right guess would show, where wrong ones are limited.
      expect(users.verify("alice:U*U", from("192.0.2.2"))).toBeTypeOf("function");
      expect(users.verify("alice:U*", from("192.0.2.1"))).toBeTypeOf("function");
    },
  );

  it.each([
    [{}, "expected the file auth, or username and password, got none of them"],
    [{ username: "a" }, "got username"],
    [{ auth: `a:${HASH}`, username: "a", password: "b" }, "got auth, username, password"],
    [{ username: "a:b", password: "c" }, "username: expected a name without colons"],
    [{ username: "", password: "c" }, "username: expected a name"],
    [{ username: "a", password: "\n" }, "password: expected a text of at most 72 bytes"],
    [{ username: "a", password: "x".repeat(73) }, "password: expected a text of at most 72 bytes"],
  ])("of %j stops the start", async (files, message) => {
    for (const [name, text] of Object.entries(files)) await write(name, text);
    await expect(start(mounted())).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(message) as string,
    });
  });
});
