import type { IncomingHttpHeaders } from "node:http";
import type { HttpReply } from "../../call/types.ts";
import { originMatcher } from "../../call/origin.ts";

/** Which pages of other sites may call. */
export interface CorsOptions {
  /** Exact origins, `https://*.example.com` for one label, or `*`. */
  readonly origins: readonly string[];
  readonly credentials: boolean;
  readonly exposedHeaders: readonly string[];
  readonly maxAgeMs: number;
}

/** Tells browsers which pages may call and read. */
export interface Cors {
  /** What a reply says of a page with this origin: names and values of headers in turn. */
  replyLines(origin: string | undefined): readonly string[];
  /** The answer to a browser's question whether a page may call; `replyLines` come beside it. */
  preflight(headers: IncomingHttpHeaders): HttpReply;
  /** Whether a page that may not call sends its visitor's cookies along: a browser asks nobody before it sends a simple request. */
  isForgery(method: string, headers: IncomingHttpHeaders): boolean;
}

/** Methods that routes have. */
const METHODS = "GET, HEAD, POST, PUT, DELETE";
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/;
/** Longest list of header names that is repeated, in characters. */
const MAX_NAMES = 2_048;

/** Makes the answers of a server; undefined without origins: then nothing is said at all. Source: Fetch standard, "CORS protocol"; security.md A9. */
export function createCors(options: CorsOptions): Cors | undefined {
  const { origins, credentials, exposedHeaders, maxAgeMs } = options;
  if (origins.length === 0) return undefined;
  const isAllowed = originMatcher(origins);
  const always = ["vary", "Origin"];
  const further = [
    ...(credentials ? ["access-control-allow-credentials", "true"] : []),
    ...(exposedHeaders.length > 0 ? ["access-control-expose-headers", exposedHeaders.join(", ")] : []),
  ];
  return {
    replyLines: (origin) =>
      origin !== undefined && isAllowed(origin)
        ? [...always, "access-control-allow-origin", origin, ...further]
        : always,
    preflight(headers) {
      const { origin } = headers;
      if (origin === undefined || !isAllowed(origin)) return { status: 204, headers: {}, body: undefined };
      const asked = headers["access-control-request-headers"] ?? "";
      return {
        status: 204,
        headers: {
          "access-control-allow-methods": METHODS,
          ...(asked.length <= MAX_NAMES && HEADER_NAMES.test(asked) ? { "access-control-allow-headers": asked } : {}),
          "access-control-max-age": String(Math.floor(maxAgeMs / 1000)),
        },
        body: undefined,
      };
    },
    isForgery(method, headers) {
      if (!credentials || headers.cookie === undefined) return false;
      const { origin, host } = headers;
      if (origin !== undefined) return !isAllowed(origin) && !isSameHost(origin, host);
      // Browsers leave Origin out of GET requests for pictures and scripts, and say in another header where those come from.
      return /^(?:cross|same)-site$/.test(String(headers["sec-fetch-site"] ?? ""));
    },
  };
}

/** Whether a request is a browser's question before a page's call. */
export function isPreflight(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;
}

/** A page of this server itself; the scheme is not compared, since a proxy may end TLS. */
function isSameHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
