import type { Principal } from "../../call/types.ts";
import type { Verification } from "../types.ts";

/** Who a caller claims to be, and what is to prove it. */
export interface UserPassword {
  readonly user: string;
  readonly password: string;
}

/** Whose passwords are known, and how. */
export interface Users {
  /**
   * At once for what the same address has proved within a minute, and for no other: who guesses from an address whose tries are limited must not learn a password by its
   * being right. Throws UNAUTHENTICATED, or UNAVAILABLE when too many passwords are being hashed.
   */
  verify(claimed: UserPassword, clientIp: string): Principal | Verification;
  close(): void;
}
