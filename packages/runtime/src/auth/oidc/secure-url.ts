/**
 * An address that keys may be fetched from: https, or http on this machine alone; without user, password and fragment.
 *
 * Throws RangeError that says what was expected.
 */
export function parseSecureUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === undefined || !isSecure || url.username !== "" || url.password !== "" || url.hash !== "")
    throw new RangeError(
      "expected an https address without user, password and fragment; http is for loopback addresses alone",
    );
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
