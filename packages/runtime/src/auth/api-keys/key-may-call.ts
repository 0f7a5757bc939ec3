import type { Principal } from "../../call/types.ts";

/** Whether the credential itself lets its holder call an API: a key that names functions is for those alone, every other credential is for all. */
export function keyMayCall({ method, claims }: Principal, api: string): boolean {
  if (method !== "apikey") return true;
  const { functions } = claims;
  return !Array.isArray(functions) || functions.includes(api);
}
