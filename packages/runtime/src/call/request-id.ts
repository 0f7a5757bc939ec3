import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The caller's `x-request-id` where it is fit for logs (`[A-Za-z0-9._-]{1,64}`), else a new one. Source: security.md A11. */
export function requestIdOf(request: { readonly headers: IncomingHttpHeaders }): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}
