import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { internalsOf } from "./server-internals.ts";

/**
 * Keeps the fields of each call as they came, from now on.
 *
 * Node gives the first of two `authorization` fields alone, and grpc-js drops a field that it can't read and logs its value: a credential would be overlooked, and
 * written down. So both get what they can read, and who looks for credentials reads the fields themselves. Source: security.md A1.4, A2.
 */
export function keepRawFields(server: Server): void {
  for (const transport of internalsOf(server).http2Servers.keys())
    transport.on("session", (session: ServerHttp2Session) => {
      // Before the listener that begins the call.
      session.prependListener("stream", (stream, headers, _flags, fields: readonly string[]) => {
        FIELDS.set(stream, fields);
        dropUnreadable(headers);
      });
    });
}

/** Names and values in turn, as they came. */
export function rawFieldsOf(stream: ServerHttp2Stream): readonly string[] {
  return FIELDS.get(stream) ?? [];
}

const FIELDS = new WeakMap<object, readonly string[]>();

/** What grpc-js takes as metadata. Source: gRPC over HTTP/2, "Custom-Metadata". */
const NAME = /^[0-9a-z_.-]+$/;
const VALUE = /^[\x20-\x7e]*$/;

function dropUnreadable(headers: IncomingHttpHeaders): void {
  for (const name in headers) if (!isReadable(name, headers[name])) delete headers[name];
}

function isReadable(name: string, value: string | readonly string[] | undefined): boolean {
  if (name.startsWith(":")) return true;
  if (!NAME.test(name)) return false;
  if (value === undefined || name.endsWith("-bin")) return true;
  return typeof value === "string" ? VALUE.test(value) : value.every((one) => VALUE.test(one));
}
