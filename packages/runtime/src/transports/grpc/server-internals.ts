import type { Http2Server, Settings } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { ServingError } from "../../errors.ts";

/** What grpc-js 1.14 keeps private of a server; the version is pinned, and a test fails when it is gone. */
export interface ServerInternals {
  readonly commonServerOptions: { settings?: Settings };
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
}

/** The private parts of a server. Throws INTERNAL when this version keeps them elsewhere. */
export function internalsOf(server: Server): ServerInternals {
  const holder: object = server;
  if ("commonServerOptions" in holder && "http2Servers" in holder && holder.http2Servers instanceof Map)
    return holder as unknown as ServerInternals;
  throw new ServingError("INTERNAL", "this version of @grpc/grpc-js keeps its HTTP/2 servers elsewhere");
}
