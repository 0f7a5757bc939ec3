import type { IncomingHttpHeaders } from "node:http";
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

/** Makes metadata of texts; a name that gRPC keeps for itself, or a value that it can't carry, is left out: a header of a service must not cost its caller the answer. */
export function toMetadata(values: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) {
    if (!name.startsWith("grpc-") && !name.endsWith("-bin") && /^[\x20-\x7e]*$/.test(value)) metadata.set(name, value);
  }
  return metadata;
}
