import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Problem, ServingError } from "../../errors.ts";
import { BASIC_CHALLENGE } from "../credential-refusal.ts";
import { SYSTEM_CLOCK } from "../system-clock.ts";
import type { Authenticator, Clock } from "../types.ts";
import { createBcryptVerifier } from "./bcrypt-verifier.ts";
import { findUser, splitUser } from "./find-user.ts";
import { watchHtpasswd } from "./htpasswd-users.ts";
import { watchSecretUser } from "./secret-user.ts";
import type { Users } from "./types.ts";
import type { PasswordVerifier } from "./verify-password.ts";

/** Authenticates by users and passwords; looks after their files until it is closed. */
export interface BasicAuthenticator extends Authenticator {
  readonly method: "basic";
  close(): void;
}

export interface BasicAuthenticatorOptions {
  /** Exactly one of the two places is given. */
  readonly htpasswdFile: string | null;
  readonly secretDir: string | null;
  readonly allowWeakHashes: boolean;
  /** Told of each content that can't be taken later on: what was read before it stays. */
  readonly onFault: (error: unknown) => void;
  /** Told of the lines of an htpasswd file that were left out, at the start and after each change. */
  readonly onLinesLeftOut: (problems: readonly Problem[]) => void;
  readonly onChange?: () => void;
  readonly clock?: Clock;
  /** Milliseconds between two looks at the files; 5 s unless given. */
  readonly everyMs?: number;
  /** Two bcrypt hashes at once and 32 waiting unless given. */
  readonly verifyPassword?: PasswordVerifier;
}

/** Reads the users and verifies by them. Rejects when a file can't be read, FAILED_PRECONDITION when it can't be taken. Source: security.md A6. */
export async function createBasicAuthenticator(options: BasicAuthenticatorOptions): Promise<BasicAuthenticator> {
  const users = await openUsers(options);
  return {
    method: "basic",
    challenge: BASIC_CHALLENGE,
    find: findUser,
    verify: (credential, { clientIp }) => users.verify(splitUser(credential), clientIp),
    close: () => users.close(),
  };
}

async function openUsers(options: BasicAuthenticatorOptions): Promise<Users> {
  const { htpasswdFile, secretDir, clock = SYSTEM_CLOCK } = options;
  const path = htpasswdFile ?? (secretDir === null ? undefined : await htpasswdIn(secretDir));
  if (path !== undefined) {
    const verifyPassword = options.verifyPassword ?? (await createBcryptVerifier());
    return watchHtpasswd({ ...options, path, clock, verifyPassword });
  }
  return watchSecretUser({ ...options, dir: secretDir ?? "", clock });
}

/** The htpasswd file of a mounted secret, undefined for a secret with one user's name and password. */
async function htpasswdIn(dir: string): Promise<string | undefined> {
  const names = ["auth", "username", "password"] as const;
  const [auth, username, password] = await Promise.all(names.map((name) => exists(join(dir, name))));
  if (auth === true && username !== true && password !== true) return join(dir, "auth");
  if (auth !== true && username === true && password === true) return undefined;
  const found = [auth, username, password].flatMap((isThere, at) => (isThere === true ? [names[at]] : []));
  throw new ServingError(
    "FAILED_PRECONDITION",
    `the secret: expected the file auth, or username and password, got ${found.length === 0 ? "none of them" : found.join(", ")}`,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
