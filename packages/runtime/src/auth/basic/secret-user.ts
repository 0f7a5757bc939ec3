import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { addressKey } from "../../call/address-key.ts";
import { ServingError } from "../../errors.ts";
import { BASIC_CHALLENGE, refusedCredential } from "../credential-refusal.ts";
import { watchFile } from "../files/watched-file.ts";
import { TokenCache } from "../oidc/token-cache.ts";
import type { Clock } from "../types.ts";
import { basicPrincipal } from "./basic-principal.ts";
import { MAX_PASSWORD_BYTES } from "./find-user.ts";
import type { UserPassword, Users } from "./types.ts";

export interface SecretUserOptions {
  /** Folder with the files `username` and `password`. */
  readonly dir: string;
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
  readonly onChange?: () => void;
  readonly everyMs?: number;
}

/** An address that has shown the password is not asked to wait for a minute, whoever else fails there. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1_000;

/** The one user of a mounted secret, whose password stands there as it is. */
export async function watchSecretUser(options: SecretUserOptions): Promise<Users> {
  const { dir, onChange, clock } = options;
  const common = { ...options, onChange: () => onChange?.() };
  const username = await watchFile({ ...common, path: join(dir, "username"), read: readUsername });
  try {
    const password = await watchFile({ ...common, path: join(dir, "password"), read: readPassword });
    const processKey = randomBytes(32);
    const digestOf = (text: string): Buffer => createHmac("sha256", processKey).update(text).digest();
    const isRight = (claimed: UserPassword): boolean => {
      // Both are compared in every case: the time taken tells nothing of which one differs.
      const isUser = timingSafeEqual(digestOf(claimed.user), digestOf(username.value()));
      const isPassword = timingSafeEqual(digestOf(claimed.password), digestOf(password.value()));
      return isUser && isPassword;
    };
    const proved = new TokenCache<true>({ maxTokens: MAX_REMEMBERED, maxSize: MAX_REMEMBERED });
    return {
      verify: (claimed, clientIp) => {
        const address = addressKey(clientIp);
        if (proved.get(address, clock.now()) === true && isRight(claimed)) return basicPrincipal(username.value());
        return async () => {
          if (!isRight(claimed))
            throw refusedCredential("invalid_credentials", BASIC_CHALLENGE, "no such user, or another password");
          proved.put(address, { value: true, keyId: "", expiresAtMs: clock.now() + REMEMBERED_MS, size: 1 });
          return basicPrincipal(username.value());
        };
      },
      close: () => {
        username.close();
        password.close();
      },
    };
  } catch (error) {
    username.close();
    throw error;
  }
}

function readUsername(text: string): string {
  const user = withoutLineEnd(text);
  if (user === "" || user.includes(":") || CONTROL.test(user))
    throw new ServingError("FAILED_PRECONDITION", "username: expected a name without colons and control characters");
  return user;
}

function readPassword(text: string): string {
  const password = withoutLineEnd(text);
  if (password === "" || CONTROL.test(password) || Buffer.byteLength(password) > MAX_PASSWORD_BYTES)
    throw new ServingError(
      "FAILED_PRECONDITION",
      `password: expected a text of at most ${MAX_PASSWORD_BYTES} bytes without control characters`,
    );
  return password;
}

/** Editors and `echo` end a file with one. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}

const CONTROL = /[\u0000-\u001f\u007f]/;
