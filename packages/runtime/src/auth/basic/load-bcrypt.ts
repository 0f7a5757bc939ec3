import type * as bcrypt from "@node-rs/bcrypt";
import { ServingError } from "../../errors.ts";

/** Loads bcrypt, which is native code: where passwords are asked for alone. Throws FAILED_PRECONDITION when it is not there for this machine. */
export async function loadBcrypt(): Promise<Pick<typeof bcrypt, "hash" | "verify">> {
  try {
    const { hash, verify } = await import("@node-rs/bcrypt");
    return { hash, verify };
  } catch (cause) {
    const machine = `${process.platform}-${process.arch}`;
    throw new ServingError(
      "FAILED_PRECONDITION",
      `users of an htpasswd file need the native part of @node-rs/bcrypt for ${machine}, which is not installed: install or build again from a registry that has it`,
      { cause },
    );
  }
}
