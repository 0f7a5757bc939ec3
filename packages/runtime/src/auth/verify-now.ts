import type { Principal } from "../call/types.ts";
import type { Authenticator, Caller } from "./types.ts";

/** Whose a credential is, verified before or now; throws as `verify` does. */
export function verifyNow(
  way: Pick<Authenticator, "verify">,
  credential: string,
  caller: Caller,
): Principal | Promise<Principal> {
  const answer = way.verify(credential, caller);
  return typeof answer === "function" ? answer() : answer;
}
