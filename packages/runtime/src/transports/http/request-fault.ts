import type { IncomingMessage } from "node:http";

/** Characters of a host and port; a path, a user or a second host has others. Source: RFC 3986, section 3.2.2, less what no host name holds. */
const HOST = /^[\w.~:%[\]-]*$/;

/**
 * What is wrong with a request that the parser let through, undefined when nothing is.
 *
 * A proxy before this server may see another host or another end of such a request than the server does.
 * Source: RFC 9112, sections 2.3 (version), 3.2 (Host) and 6.1 (Transfer-Encoding).
 */
export function requestFault({ httpVersion, headers }: IncomingMessage): string | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return "expected HTTP/1.1 or HTTP/1.0";
  const { host, "transfer-encoding": coding } = headers;
  if (host === undefined ? httpVersion === "1.1" : !HOST.test(host))
    return "expected one Host header with a host name, and a port at the most";
  if (coding === undefined) return undefined;
  if (httpVersion === "1.0") return "Transfer-Encoding is not known to HTTP/1.0";
  return coding.toLowerCase() === "chunked" ? undefined : "Transfer-Encoding: expected chunked and nothing else";
}
