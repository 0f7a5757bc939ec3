import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { Metadata } from "@grpc/grpc-js";

/** Shows metadata as headers: names in lower case, several values of one name joined by a comma, binary ones in base64. */
export function toHeaders(metadata: Metadata): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const name of Object.keys(metadata.getMap())) {
    const values = metadata.get(name).map((value) => (typeof value === "string" ? value : value.toString("base64")));
    headers[name] = values.join(", ");
  }
  return headers;
}

/**
 * Makes metadata of texts; a name that gRPC keeps for itself, or a value that it can't carry, is left out: a header of a service must not cost its caller the answer.
 */
export function toMetadata(values: Readonly<Record<string, string>>, requestId?: string): Metadata {
  const headers: OutgoingHttpHeaders = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined && isCarried(name, value)) headers[name.toLowerCase()] = value;
  }
  if (requestId !== undefined) headers["x-request-id"] = requestId;
  return new SentMetadata(headers);
}

function isCarried(name: string, value: string): boolean {
  return (
    /^(?!grpc-)[\w.-]+(?<!-bin)$/i.test(name) && /^[\x20-\x7e]*$/.test(value) && !OF_CONNECTIONS.has(name.toLowerCase())
  );
}

/** What HTTP/2 forbids, since it speaks of the connection; Node throws for it. Source: RFC 9113, section 8.2.2. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Metadata as it goes out, checked before: what grpc-js would check, copy and translate once more costs a small call more than its model. */
class SentMetadata extends Metadata {
  readonly #headers: OutgoingHttpHeaders;

  constructor(headers: OutgoingHttpHeaders) {
    super();
    this.#headers = headers;
  }

  override clone(): Metadata {
    return this;
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    return this.#headers;
  }
}
