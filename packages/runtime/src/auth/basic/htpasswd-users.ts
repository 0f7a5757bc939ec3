import { createHmac, randomBytes } from "node:crypto";
import { addressKey } from "../../call/address-key.ts";
import type { Principal } from "../../call/types.ts";
import { type Problem, ServingError } from "../../errors.ts";
import { BASIC_CHALLENGE, refusedCredential } from "../credential-refusal.ts";
import { watchFile } from "../files/watched-file.ts";
import { TokenCache } from "../oidc/token-cache.ts";
import type { Clock } from "../types.ts";
import { basicPrincipal } from "./basic-principal.ts";
import { parseHtpasswd, type UserHash } from "./htpasswd-file.ts";
import type { UserPassword, Users } from "./types.ts";
import type { PasswordVerifier } from "./verify-password.ts";

export interface HtpasswdOptions {
  readonly path: string;
  readonly allowWeakHashes: boolean;
  readonly verifyPassword: PasswordVerifier;
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
  readonly onLinesLeftOut: (problems: readonly Problem[]) => void;
  readonly onChange?: () => void;
  readonly everyMs?: number;
}

/** A password that was right is taken for a minute without another hash. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1_000;

/**
 * Users of an htpasswd file. Who is unknown costs as much work as who is known. What was right is remembered by a digest that is worth nothing outside this
 * process, for the address that it came from; it ends after a minute, or when the user's line changes.
 */
export async function watchHtpasswd(options: HtpasswdOptions): Promise<Users> {
  const { verifyPassword, clock, onChange } = options;
  const watched = await watchFile({
    ...options,
    read: (text) => readUsers(text, options),
    onChange: () => onChange?.(),
  });
  const processKey = randomBytes(32);
  const remembered = new TokenCache<Remembered>({ maxTokens: MAX_REMEMBERED, maxSize: MAX_REMEMBERED });
  const running = new Map<string, Promise<Principal>>();

  const compare = async ({ user, password }: UserPassword, digest: string): Promise<Principal> => {
    const { users, costliest } = watched.value();
    const known = users.get(user);
    const hash = known ?? costliest;
    const isRight = hash !== undefined && (await verifyPassword(hash, password));
    // The line may have left or changed while the password was hashed.
    if (!isRight || known === undefined || watched.value().users.get(user)?.hash !== known.hash)
      throw refusedCredential("invalid_credentials", BASIC_CHALLENGE, "no such user, or another password");
    const value = { principal: basicPrincipal(user), hash: known.hash };
    remembered.put(digest, { value, keyId: user, expiresAtMs: clock.now() + REMEMBERED_MS, size: 1 });
    return value.principal;
  };

  return {
    verify: (claimed, clientIp) => {
      // Neither an address nor a user's name holds what stands behind it here.
      const proof = `${addressKey(clientIp)} ${claimed.user}:${claimed.password}`;
      const digest = createHmac("sha256", processKey).update(proof).digest("base64");
      const hit = remembered.get(digest, clock.now());
      if (hit !== undefined && watched.value().users.get(claimed.user)?.hash === hit.hash) return hit.principal;
      return () => {
        const same = running.get(digest);
        if (same !== undefined) return same;
        const started = compare(claimed, digest).finally(() => running.delete(digest));
        running.set(digest, started);
        return started;
      };
    },
    close: () => watched.close(),
  };
}

interface Remembered {
  readonly principal: Principal;
  /** The user's hash at that time. */
  readonly hash: string;
}

interface KnownUsers {
  readonly users: ReadonlyMap<string, UserHash>;
  /** What a try with an unknown user's name is compared with; undefined where there are no users, and nothing to find out. */
  readonly costliest: UserHash | undefined;
}

function readUsers(text: string, { allowWeakHashes, onLinesLeftOut }: HtpasswdOptions): KnownUsers {
  const { users, problems, isAmbiguous } = parseHtpasswd(text, { allowWeakHashes });
  if (isAmbiguous || (users.size === 0 && problems.length > 0)) {
    const lines = problems.map(({ path, message }) => `${path}: ${message}`);
    throw new ServingError("FAILED_PRECONDITION", `htpasswd file: ${lines.join("; ")}`, { problems });
  }
  if (problems.length > 0) onLinesLeftOut(problems);
  const [costliest] = [...users.values()].sort((a, b) => workOf(b) - workOf(a));
  return { users, costliest };
}

/** Orders hashes by the work that a comparison takes. */
function workOf({ kind, hash }: UserHash): number {
  return { bcrypt: Number(hash.slice(4, 6)), apr1: 1, sha1: 0 }[kind];
}
