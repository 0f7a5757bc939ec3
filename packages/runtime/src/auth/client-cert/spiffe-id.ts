/** Longest SPIFFE ID, in bytes. */
const MAX_BYTES = 2048;

/** Whether a URI claims to be a SPIFFE ID, whatever its form. */
export function claimsSpiffe(uri: string): boolean {
  return uri.toLowerCase().startsWith("spiffe:");
}

/** Whether a URI is a SPIFFE ID of a workload: a trust domain and a path, nothing else. Source: SPIFFE-ID, sections 2.1 to 2.3. */
export function isSpiffeId(uri: string): boolean {
  const [, path = ""] = /^spiffe:\/\/[a-z0-9._-]{1,255}((?:\/[A-Za-z0-9._-]+)+)$/.exec(uri) ?? [];
  return uri.length <= MAX_BYTES && path !== "" && !path.split("/").some((part) => part === "." || part === "..");
}
