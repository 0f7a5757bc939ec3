import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { isIP } from "node:net";
import type { Place } from "./place.ts";

/** How a call has ended: by gRPC's status, or by one of HTTP that is not 200. */
export type GrpcAnswer = { readonly grpc: number } | { readonly http: number };

/** Asks a server without a credential. */
export interface GrpcClient {
  /** Calls a method with neither message nor credential; a first answer counts as OK. Rejects where no answer comes in time. */
  ask(path: string): Promise<GrpcAnswer>;
  close(): void;
}

const TIMEOUT_MS = 10_000;

/** Makes a client of one place. Its certificate is a check of its own: here it only has to answer. */
export function createGrpcClient({ host, port, isSecure, ca }: Place): GrpcClient {
  const authority = `${isSecure ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const names = { ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }) };
  let session: ClientHttp2Session | undefined;
  const open = (): ClientHttp2Session => {
    // A server may end a connection at any time; the next question opens another.
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    session = connect(authority, { ...names, rejectUnauthorized: false });
    return session.on("error", () => undefined);
  };
  return { ask: (path) => call(open(), path), close: () => session?.destroy() };
}

function call(session: ClientHttp2Session, path: string): Promise<GrpcAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" },
      { endStream: true, signal: AbortSignal.timeout(TIMEOUT_MS) },
    );
    const end = (answer: GrpcAnswer): void => {
      resolve(answer);
      stream.close();
    };
    const look = (headers: IncomingHttpHeaders): void => {
      const status = headers["grpc-status"];
      if (typeof status === "string") end({ grpc: Number(status) });
    };
    stream.on("response", (headers) => {
      const http = headers[":status"] ?? 0;
      if (http === 200) look(headers);
      else end({ http });
    });
    stream.on("trailers", look).on("data", () => end({ grpc: 0 }));
    session.once("error", reject);
    stream.on("error", reject).on("close", () => {
      session.off("error", reject);
      reject(new Error("the call ended without a status"));
    });
  });
}
