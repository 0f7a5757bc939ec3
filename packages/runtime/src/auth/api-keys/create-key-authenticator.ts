import { timingSafeEqual } from "node:crypto";
import type { Principal } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { API_KEY_CHALLENGE, refusedCredential } from "../credential-refusal.ts";
import { watchFile } from "../files/watched-file.ts";
import { KEY_NAME } from "../key-name.ts";
import { SYSTEM_CLOCK } from "../system-clock.ts";
import type { Authenticator, Clock } from "../types.ts";
import { findKey, type KeyPlaces } from "./find-key.ts";
import { type ApiKeyRecord, parseKeyFile } from "./key-file.ts";
import { digestOf, keyId } from "./key-text.ts";

/** Authenticates by API keys of a file; looks after the file until it is closed. */
export interface KeyAuthenticator extends Authenticator {
  readonly method: "apikey";
  /** At once: a key's digest costs nothing that had to be waited for. */
  verify(key: string): Principal;
  close(): void;
}

export interface KeyAuthenticatorOptions extends KeyPlaces {
  readonly file: string;
  /** Told of each content of the file that can't be taken later on: the keys before it stay. */
  readonly onFault: (error: unknown) => void;
  readonly onChange?: () => void;
  readonly clock?: Clock;
  /** Milliseconds between two looks at the file; 5 s unless given, so that a key that left it is refused within 10 s. */
  readonly everyMs?: number;
}

/** Reads the keys and verifies by them. Rejects when the file can't be read, FAILED_PRECONDITION with each faulty line when it can't be taken. Source: security.md A5. */
export async function createKeyAuthenticator(options: KeyAuthenticatorOptions): Promise<KeyAuthenticator> {
  const { file: path, onFault, onChange, everyMs, clock = SYSTEM_CLOCK } = options;
  const watched = await watchFile({
    path,
    read: readKeys,
    onFault,
    ...(onChange === undefined ? {} : { onChange: () => onChange() }),
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  return {
    method: "apikey",
    challenge: API_KEY_CHALLENGE,
    find: (caller) => findKey(caller, options),
    verify: (key) => {
      const entry = watched.value().get(keyId(key) ?? "");
      // Compared in every case: the time taken tells nothing of which ids there are.
      const isSame = timingSafeEqual(digestOf(key), entry?.digest ?? NO_DIGEST);
      if (entry === undefined || !isSame)
        throw refusedCredential("invalid_credentials", API_KEY_CHALLENGE, "no such key");
      assertInForce(entry.record, clock.now());
      return entry.principal;
    },
    close: () => watched.close(),
  };
}

/** What no key's digest is, for all that is known. */
const NO_DIGEST = Buffer.alloc(32);

interface Entry {
  readonly record: ApiKeyRecord;
  readonly digest: Buffer;
  readonly principal: Principal;
}

function readKeys(text: string): ReadonlyMap<string, Entry> {
  const { keys, problems } = parseKeyFile(text);
  if (problems.length > 0) {
    const lines = problems.map(({ path, message }) => `${path}: ${message}`);
    throw new ServingError("FAILED_PRECONDITION", `API keys: ${lines.join("; ")}`, { problems });
  }
  const entryOf = (record: ApiKeyRecord): Entry => ({
    record,
    digest: Buffer.from(record.sha256, "hex"),
    principal: toPrincipal(record),
  });
  return new Map([...keys].map(([id, record]) => [id, entryOf(record)]));
}

function assertInForce({ id, notBeforeMs = -Infinity, expiresMs = Infinity }: ApiKeyRecord, nowMs: number): void {
  if (nowMs < notBeforeMs) throw refusedCredential("not_yet_valid", API_KEY_CHALLENGE, `key ${id}: notBefore`);
  if (nowMs >= expiresMs) throw refusedCredential("expired", API_KEY_CHALLENGE, `key ${id}: expires`);
}

function toPrincipal({ id, owner, groups, scopes, functions, expiresMs }: ApiKeyRecord): Principal {
  return Object.freeze({
    name: KEY_NAME + id,
    issuer: undefined,
    method: "apikey",
    groups: Object.freeze([...groups]),
    scopes: Object.freeze([...scopes]),
    clientId: undefined,
    credentialId: id,
    claims: Object.freeze({ owner }),
    ...(functions === undefined ? {} : { functions: Object.freeze([...functions]) }),
    expiresAtMs: expiresMs,
  });
}
