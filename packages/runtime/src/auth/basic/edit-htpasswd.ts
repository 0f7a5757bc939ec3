import { readFile } from "node:fs/promises";
import { ServingError } from "../../errors.ts";
import { editFile } from "../files/edit-file.ts";
import { linesOf, withLine } from "../files/text-lines.ts";
import { createBcryptVerifier } from "./bcrypt-verifier.ts";
import { MAX_COST, parseHtpasswd } from "./htpasswd-file.ts";
import { loadBcrypt } from "./load-bcrypt.ts";
import { assertPassword, assertUser } from "./password-text.ts";

/** Least work of a hash that is made anew. Source: OWASP Password Storage Cheat Sheet. */
const MIN_NEW_COST = 10;

/**
 * Gives a user of an htpasswd file a password; the file is created when it is absent, every other line stays byte for byte. Each step of `cost` (10 to 14)
 * doubles the work of a comparison. Says whether the user is new. Throws INVALID_ARGUMENT.
 */
export async function setPassword(
  file: string,
  { user, password, cost }: { readonly user: string; readonly password: string; readonly cost: number },
): Promise<"added" | "changed"> {
  assertUser(user);
  assertPassword(password);
  if (!Number.isInteger(cost) || cost < MIN_NEW_COST || cost > MAX_COST)
    throw new ServingError("INVALID_ARGUMENT", `cost: expected ${MIN_NEW_COST} to ${MAX_COST}, got ${cost}`);
  const { hash } = await loadBcrypt();
  // 2y, as Apache's htpasswd writes it.
  const line = `${user}:${await hash(password, { cost, version: "2y" })}`;
  let isNew = true;
  await editFile(file, (text) => {
    const lines = linesOf(text);
    const place = lines.findIndex(isLineOf(user));
    isNew = place < 0;
    if (isNew) return withLine(text, line);
    const end = /\r?\n$/.exec(lines[place] ?? "")?.[0] ?? "";
    return lines.flatMap((old, at) => (at === place ? [line + end] : isLineOf(user)(old) ? [] : [old])).join("");
  });
  return isNew ? "added" : "changed";
}

/** Removes a user's lines; every other one stays byte for byte. Throws NOT_FOUND for a user without a line. */
export async function deleteUser(file: string, user: string): Promise<void> {
  await editFile(file, (text) => {
    const lines = linesOf(text);
    const left = lines.filter((line) => !isLineOf(user)(line));
    if (left.length === lines.length)
      throw new ServingError("NOT_FOUND", `${file} has no user ${JSON.stringify(user)}`);
    return left.join("");
  });
}

/** Whether a password is the one that a file has for a user; weak hashes count. Throws NOT_FOUND for a user without a good line. */
export async function isPasswordOf(
  file: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<boolean> {
  assertPassword(password);
  const { users } = parseHtpasswd(await readFile(file, "utf8"), { allowWeakHashes: true });
  const known = users.get(user);
  if (known === undefined)
    throw new ServingError("NOT_FOUND", `${file} has no user ${JSON.stringify(user)} with a hash that is taken`);
  return (await createBcryptVerifier())(known, password);
}

function isLineOf(user: string): (line: string) => boolean {
  return (line) => line.startsWith(`${user}:`);
}
