import type { Principal } from "../../call/types.ts";
import type { Verification } from "../types.ts";

/** Who a caller claims to be, and what is to prove it. */
export interface UserPassword {
  readonly user: string;
  readonly password: string;
}

/** Whose passwords are known, and how. */
export interface Users {
  /** At once where nothing has to be hashed; throws UNAUTHENTICATED, or UNAVAILABLE when too many passwords are being hashed. */
  verify(claimed: UserPassword): Principal | Verification;
  close(): void;
}
