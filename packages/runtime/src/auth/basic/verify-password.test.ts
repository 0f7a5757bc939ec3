import { setImmediate } from "node:timers/promises";
import { verify } from "@node-rs/bcrypt";
import { describe, expect, it } from "vitest";
import { createPasswordVerifier } from "./verify-password.ts";

const compareBcrypt = (password: string, hash: string): Promise<boolean> => verify(password, hash);
const verifyPassword = createPasswordVerifier({ maxAtOnce: 2, maxQueued: 32, compareBcrypt });

describe("a password", () => {
  // Vectors of crypt_blowfish 1.3 (wrapper.c), bcrypt's reference; {SHA} of Apache httpd's "Password Formats"; apr1 made with openssl passwd -apr1.
  it.each([
    ["bcrypt", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
    ["bcrypt", "U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
    ["bcrypt", "U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
    ["bcrypt", "U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
    ["apr1", "secret", "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/"],
    ["sha1", "myPassword", "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE="],
  ] as const)("fits the %s hash that was made of it, and no other", async (kind, password, hash) => {
    expect(await verifyPassword({ kind, hash }, password)).toBe(true);
    expect(await verifyPassword({ kind, hash }, `${password}x`)).toBe(false);
    expect(await verifyPassword({ kind, hash }, hash)).toBe(false);
  });
});

describe("many passwords at one time", () => {
  it("are compared two at once, wait in order up to the bound, and are refused beyond", async () => {
    const running: ((isRight: boolean) => void)[] = [];
    const order: string[] = [];
    const held = createPasswordVerifier({
      maxAtOnce: 2,
      maxQueued: 3,
      compareBcrypt: (password) => {
        order.push(password);
        return new Promise((resolve) => running.push(resolve));
      },
    });
    const results = ["1", "2", "3", "4", "5", "6"].map((password) => held({ kind: "bcrypt", hash: "" }, password));
    await expect(results[5]).rejects.toMatchObject({
      code: "UNAVAILABLE",
      reason: "passwords_busy",
      retryAfterSeconds: 2,
      message: "passwords can't be verified at the moment",
    });
    expect(order).toEqual(["1", "2"]);
    for (const expected of [
      ["1", "2", "3"],
      ["1", "2", "3", "4"],
      ["1", "2", "3", "4", "5"],
    ]) {
      running.shift()?.(false);
      await setImmediate();
      expect(order).toEqual(expected);
    }
    for (const end of running) end(true);
    expect(await Promise.all(results.slice(0, 5))).toEqual([false, false, false, true, true]);
    const next = held({ kind: "bcrypt", hash: "" }, "7");
    expect(order.at(-1)).toBe("7");
    running.at(-1)?.(true);
    expect(await next).toBe(true);
  });

  it("give their place back when a comparison fails", async () => {
    const failing = createPasswordVerifier({
      maxAtOnce: 1,
      maxQueued: 0,
      compareBcrypt: () => Promise.reject(new Error("no memory")),
    });
    for (const password of ["1", "2"])
      await expect(failing({ kind: "bcrypt", hash: "" }, password)).rejects.toThrow("no memory");
  });
});
