import { ServingError } from "../../errors.ts";
import { MAX_PASSWORD_BYTES } from "./find-user.ts";

/** Checks that a caller can present a password: 1 to 72 bytes in UTF-8 without control characters (RFC 7617, section 2). Throws INVALID_ARGUMENT. */
export function assertPassword(password: string): void {
  const bytes = Buffer.byteLength(password);
  if (password === "") throw new ServingError("INVALID_ARGUMENT", "the password is empty");
  if (bytes > MAX_PASSWORD_BYTES)
    throw new ServingError(
      "INVALID_ARGUMENT",
      `the password has ${bytes} bytes: bcrypt reads at most ${MAX_PASSWORD_BYTES}`,
    );
  if (/[\u0000-\u001f\u007f]/.test(password))
    throw new ServingError("INVALID_ARGUMENT", "the password has control characters");
  if (!password.isWellFormed()) throw new ServingError("INVALID_ARGUMENT", "the password is not Unicode text");
}

/** Checks that a line of an htpasswd file and a caller can name a user. Throws INVALID_ARGUMENT. */
export function assertUser(user: string): void {
  if (
    user === "" ||
    user.startsWith("#") ||
    user.includes(":") ||
    /[\u0000-\u001f\u007f]/.test(user) ||
    user.trim() !== user
  )
    throw new ServingError(
      "INVALID_ARGUMENT",
      `the user: expected a name without ":", control characters, outer spaces and "#" in front, got ${JSON.stringify(user)}`,
    );
}
