import { createHash, timingSafeEqual } from "node:crypto";
import { ServingError } from "../../errors.ts";
import { apr1 } from "./apr1.ts";
import type { UserHash } from "./htpasswd-file.ts";

/** Says whether a password is the one that a hash was made of. Rejects with UNAVAILABLE when too many are being compared. */
export type PasswordVerifier = (hash: UserHash, password: string) => Promise<boolean>;

export interface PasswordVerifierOptions {
  /** Passwords compared at one time: each takes a core for up to a second. */
  readonly maxAtOnce: number;
  /** Passwords that wait for their turn. */
  readonly maxQueued: number;
  /** Compares with a bcrypt hash off the event loop. */
  readonly compareBcrypt: (password: string, hash: string) => Promise<boolean>;
}

/** Compares passwords, a few at once and a bounded number waiting; the event loop goes on meanwhile. Source: security.md A6. */
export function createPasswordVerifier(options: PasswordVerifierOptions): PasswordVerifier {
  const { maxAtOnce, maxQueued, compareBcrypt } = options;
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (hash, password) => {
    if (running >= maxAtOnce) {
      if (waiting.length >= maxQueued) throw busy();
      // Whoever leaves hands its place over: nobody who comes later gets before those who wait.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await COMPARE[hash.kind](password, hash.hash, compareBcrypt);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

type Compare = (
  password: string,
  hash: string,
  compareBcrypt: PasswordVerifierOptions["compareBcrypt"],
) => Promise<boolean>;

const COMPARE = {
  bcrypt: async (password, hash, compareBcrypt) => compareBcrypt(password, hash),
  apr1: async (password, hash) => isSame(await apr1(password, hash), hash),
  sha1: async (password, hash) => isSame(`{SHA}${createHash("sha1").update(password).digest("base64")}`, hash),
} as const satisfies Record<UserHash["kind"], Compare>;

/** In a time that tells nothing of where two texts differ. */
function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** By then the queue has moved on by a few. */
const RETRY_AFTER_SECONDS = 2;

function busy(): ServingError {
  return new ServingError("UNAVAILABLE", "passwords can't be verified at the moment", {
    reason: "passwords_busy",
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
