import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** The `$apr1$` hash of a password with the salt of another such hash. Source: Apache httpd, "Password Formats"; the algorithm of MD5-crypt with another magic. It lets others run meanwhile. */
export async function apr1(password: string, hash: string): Promise<string> {
  const salt = hash.split("$")[2] ?? "";
  const secret = Buffer.from(password, "utf8");
  const md5 = (...parts: readonly (Buffer | string)[]): Buffer =>
    parts.reduce((state, part) => state.update(part), createHash("md5")).digest();
  const inner = md5(secret, salt, secret);
  const start: (Buffer | string)[] = [secret, "$apr1$", salt];
  for (let left = secret.length; left > 0; left -= 16) start.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = secret.length; bits > 0; bits >>= 1)
    start.push((bits & 1) === 1 ? Buffer.of(0) : secret.subarray(0, 1));
  let state = md5(...start);
  for (let round = 0; round < ROUNDS; round += 1) {
    const isOdd = round % 2 === 1;
    const parts: (Buffer | string)[] = [isOdd ? secret : state];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(secret);
    parts.push(isOdd ? state : secret);
    state = md5(...parts);
    if (round % ROUNDS_AT_ONCE === 0) await setImmediate();
  }
  return `$apr1$${salt}$${toText(state)}`;
}

const ROUNDS = 1000;
/** A fraction of a millisecond. */
const ROUNDS_AT_ONCE = 50;
const DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Bytes of the digest in threes, as they stand in the text. */
const ORDER = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]] as const;

function toText(digest: Buffer): string {
  return ORDER.map((places) => {
    const group = places.reduce<number>((value, place) => value * 256 + (digest[place] ?? 0), 0);
    const length = places.length === 3 ? 4 : 2;
    return Array.from({ length }, (_, index) => DIGITS[(group >> (6 * index)) & 63]).join("");
  }).join("");
}
