import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import type { TlsFacts } from "../../call/types.ts";
import { tlsFactsOf } from "../tls/tls-facts.ts";
import { internalsOf } from "./server-internals.ts";

/** What is known of a call before grpc-js has made one of it. */
export interface StreamFacts {
  /** Names and values in turn, as they came. */
  readonly fields: readonly string[];
  /** How the connection is secured. */
  readonly tls: TlsFacts | undefined;
}

/**
 * Keeps the facts of each call from now on.
 *
 * Node gives the first of two `authorization` fields alone, and grpc-js drops a field that it can't read and logs its value: a credential would be overlooked, and
 * written down. So both get what they can read, and who looks for credentials reads the fields themselves. Source: security.md A1.4, A2.
 */
export function keepStreamFacts(server: Server): void {
  for (const transport of internalsOf(server).http2Servers.keys())
    transport.on("session", (session: ServerHttp2Session) => {
      const tls = tlsFactsOf(session.socket);
      // Before the listener that begins the call.
      session.prependListener("stream", (stream: Known, headers, _flags, fields: readonly string[]) => {
        stream[FACTS] = { fields, tls };
        dropUnreadable(headers);
        boundTimeout(headers);
      });
    });
}

export function streamFactsOf(stream: ServerHttp2Stream): StreamFacts {
  return (stream as Known)[FACTS] ?? NOTHING;
}

/** On the stream itself: a map of streams costs each call a microsecond, most of it when memory is collected. */
const FACTS = Symbol("facts");
type Known = ServerHttp2Stream & { [FACTS]?: StreamFacts };

const NOTHING: StreamFacts = { fields: [], tls: undefined };

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

/** grpc-js counts a timeout in 32 bits of milliseconds: of 25 days it would make one that has passed. Longer ones bound nothing that `server.requestTimeout` does not. */
const MAX_TIMEOUT: Readonly<Record<string, number>> = { H: 596, M: 35_791, S: 2_147_483 };

function boundTimeout(headers: IncomingHttpHeaders): void {
  const timeout = headers["grpc-timeout"];
  if (timeout === undefined) return;
  const [, count, unit = ""] = /(\d{1,8})\s*([HMS])/.exec(String(timeout)) ?? [];
  if (Number(count) > (MAX_TIMEOUT[unit] ?? Infinity)) delete headers["grpc-timeout"];
}
