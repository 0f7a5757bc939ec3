import { readFile } from "node:fs/promises";
import { ServingError } from "../../errors.ts";
import { editFile } from "../files/edit-file.ts";
import { linesOf, withLine } from "../files/text-lines.ts";
import { type ApiKeyRecord, parseKeyFile, toKeyLine } from "./key-file.ts";
import { createKey } from "./key-text.ts";

/** What a new key is to be. */
export interface KeyOrder extends Omit<ApiKeyRecord, "id" | "sha256" | "notBeforeMs"> {
  /** First word of the key's text. */
  readonly prefix: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Whether the owner may have more than the two live keys that a rotation needs. */
  readonly force: boolean;
}

/** A key as it is shown once. */
export interface IssuedKey {
  readonly id: string;
  readonly text: string;
}

/** A key of a file as people may see it: without its digest. */
export interface ListedKey extends Omit<ApiKeyRecord, "sha256"> {
  readonly state: "live" | "not yet valid" | "expired";
}

const MAX_LIVE_KEYS = 2;

/**
 * Makes a key and writes its line to a file, which is created when it is absent; every other line stays byte for byte.
 *
 * Throws INVALID_ARGUMENT for an order that can't be meant; FAILED_PRECONDITION when the owner has two live keys, or when the file is broken.
 */
export async function issueKey(file: string, order: KeyOrder): Promise<IssuedKey> {
  const { prefix, nowMs, force, ...rest } = order;
  assertOrder(order);
  const key = createKey(prefix);
  const record = { id: key.id, sha256: key.sha256, ...rest, notBeforeMs: undefined };
  await editFile(file, (text) => {
    const live = readKeys(text, file).filter(
      (known) => known.owner === order.owner && stateOf(known, nowMs) !== "expired",
    );
    if (live.length >= MAX_LIVE_KEYS && !force) {
      const ids = live.map(({ id }) => id).join(", ");
      throw new ServingError(
        "FAILED_PRECONDITION",
        `${order.owner} has ${live.length} live keys (${ids}): revoke one first, or use --force`,
      );
    }
    return withLine(text, toKeyLine(record));
  });
  return { id: key.id, text: key.text };
}

/** The keys of a file. Throws FAILED_PRECONDITION with each faulty line. */
export async function listKeys(file: string, nowMs: number): Promise<readonly ListedKey[]> {
  const keys = readKeys(await readFile(file, "utf8"), file);
  return keys.map(({ sha256: _digest, ...shown }) => ({ ...shown, state: stateOf(shown, nowMs) }));
}

/** Removes a key's line; every other one stays byte for byte, also a faulty one: a key must be revocable in any case. Throws NOT_FOUND for an id without a line. */
export async function revokeKey(file: string, id: string): Promise<void> {
  await editFile(file, (text) => {
    const lines = linesOf(text);
    const left = lines.filter((line) => !parseKeyFile(line).keys.has(id));
    if (left.length === lines.length) throw new ServingError("NOT_FOUND", `${file} has no key ${JSON.stringify(id)}`);
    return left.join("");
  });
}

function readKeys(text: string, file: string): readonly ApiKeyRecord[] {
  const { keys, problems } = parseKeyFile(text);
  if (problems.length === 0) return [...keys.values()];
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  throw new ServingError("FAILED_PRECONDITION", `${file}: ${lines.join("; ")}`, { problems });
}

function stateOf(
  { notBeforeMs = -Infinity, expiresMs = Infinity }: Pick<ApiKeyRecord, "notBeforeMs" | "expiresMs">,
  nowMs: number,
): ListedKey["state"] {
  if (nowMs >= expiresMs) return "expired";
  return nowMs < notBeforeMs ? "not yet valid" : "live";
}

function assertOrder({ owner, prefix, groups, scopes, functions = [], expiresMs = Infinity, nowMs }: KeyOrder): void {
  const refuse = (message: string): never => {
    throw new ServingError("INVALID_ARGUMENT", message);
  };
  if (owner.trim() === "") refuse("owner: expected a name");
  if (!/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(prefix))
    refuse(`prefix: expected a letter, then letters, digits and "-", at most 32, got ${JSON.stringify(prefix)}`);
  if ([...groups, ...scopes, ...functions].includes(""))
    refuse("groups, scopes, functions: expected names, got an empty one");
  if (expiresMs <= nowMs) refuse(`expires: expected a time to come, got ${new Date(expiresMs).toISOString()}`);
}
