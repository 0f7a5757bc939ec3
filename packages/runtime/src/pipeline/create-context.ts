import type { Context } from "../authoring/context.ts";
import { ServingError } from "../errors.ts";
import type { Prediction } from "./predict.ts";

/** Headers that the server answers for: framing, and those that browsers and proxies trust. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-security-policy",
  "content-type",
  "date",
  "keep-alive",
  "referrer-policy",
  "retry-after",
  "server",
  "strict-transport-security",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
  "x-content-type-options",
  "x-request-id",
]);

/** Makes the context of one call; what `setHeader` sets lands in `replyHeaders`. */
export function createContext(
  { call, principal, target, scope, stages }: Prediction,
  replyHeaders: Record<string, string>,
): Context {
  const tags = new Map<string, string>();
  return {
    principal,
    requestId: call.requestId,
    api: target.api.name,
    get signal() {
      return scope.signal;
    },
    deadline: scope.deadline,
    headers: call.headers,
    get log() {
      return stages.logFor(call.requestId);
    },
    metrics: stages.metrics,
    tags,
    setHeader: (name, value) => {
      const key = name.toLowerCase();
      if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(key) || OWN_HEADERS.has(key)) {
        throw new ServingError("INTERNAL", `setHeader: "${name}" is not a header that a service may set`);
      }
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
        throw new ServingError("INTERNAL", `setHeader: the value of "${name}" has characters that no header may hold`);
      replyHeaders[key] = value;
    },
  };
}
