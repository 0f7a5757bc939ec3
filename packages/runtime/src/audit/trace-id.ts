/** The trace of a W3C `traceparent` header; null for none, one that is not valid, and several. Source: W3C Trace Context, section 3.2. */
export function traceIdOf(header: unknown): string | null {
  if (typeof header !== "string") return null;
  const [, version, traceId = "", parentId = "", rest] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === "ff" || NOTHING.test(traceId) || NOTHING.test(parentId)) return null;
  // Later versions may say more behind the flags; the first one may not.
  return version === "00" && rest !== undefined ? null : traceId;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const NOTHING = /^0+$/;
