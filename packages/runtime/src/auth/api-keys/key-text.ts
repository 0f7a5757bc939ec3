import { createHash, randomBytes, randomInt } from "node:crypto";

/** A new key: its text is shown once, its record is what is kept. */
export interface NewKey {
  readonly id: string;
  /** `<prefix>_<id>_<secret>`. */
  readonly text: string;
  /** SHA-256 of the text in hexadecimal digits. */
  readonly sha256: string;
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 43 digits of base 62 hold the 256 bits of 32 bytes. */
const SECRET_DIGITS = 43;
const KEY = /^([A-Za-z][A-Za-z0-9-]{0,31})_([A-Za-z0-9-]{1,64})_([0-9A-Za-z]{43,128})$/;

/** Makes a key of 256 random bits. Its prefix tells people and scanners of secrets whose key it is. */
export function createKey(prefix: string): NewKey {
  const id = randomBytes(6).toString("hex");
  const secret = Array.from({ length: SECRET_DIGITS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  const text = `${prefix}_${id}_${secret}`;
  return { id, text, sha256: digestOf(text).toString("hex") };
}

/** The id in a key's text, undefined for what is no key. */
export function keyId(text: string): string | undefined {
  return KEY.exec(text)?.[2];
}

/** SHA-256 of a key's text. A key is random and long, so a plain digest keeps it as well as a slow one would. */
export function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
