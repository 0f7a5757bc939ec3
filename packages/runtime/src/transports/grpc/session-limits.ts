import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Metadata, Server } from "@grpc/grpc-js";
import { ServingError } from "../../errors.ts";
import { type BucketPolicy, fullBucket, refilled } from "../../limits/token-bucket.ts";
import { type SlowReaders, watchSlowReaders } from "../slow-readers.ts";
import { internalsOf } from "./server-internals.ts";

/** Streams of one connection that may end by a reset: a caller who opens and resets makes work and waits for none. Source: security.md A9 (CVE-2023-44487). */
const RESETS: BucketPolicy = { rate: 32, windowMs: 1_000, burst: 32 };

/** RFC 9113, section 7. */
const NO_ERROR = 0;
const ENHANCE_YOUR_CALM = 11;

/** Bytes of a field beside its name and value, as HTTP/2 counts it. Source: RFC 9113, section 6.5.2. */
const FIELD_OVERHEAD_BYTES = 32;

/**
 * Has connections that are made from now on tell their callers how long headers may be; longer ones are reset by HTTP/2 itself (ENHANCE_YOUR_CALM, RESOURCE_EXHAUSTED
 * to a gRPC caller). Longer ones than nine frames end the connection: so nghttp2 bounds what follows in CONTINUATION frames.
 */
export function limitHeaders(server: Server, maxBytes: number): void {
  const { commonServerOptions } = internalsOf(server);
  commonServerOptions.settings = { ...commonServerOptions.settings, maxHeaderListSize: maxBytes };
}

/**
 * Ends each connection (GOAWAY) of which more than 32 streams a second are reset, by its caller or for its caller's faults.
 *
 * Resets calls whose callers open no window for what was answered: such a call would keep its reply for as long as its caller answers pings (CVE-2019-9517), and
 * many of them fill the memory before their time is over. Ends calls that were answered whole and whose callers leave their half open: each would keep its
 * connection, and with it a worker that drains, for as long as they wish. Source: RFC 9113, section 8.1.
 */
export function limitStreams(
  server: Server,
  bounds: { readonly requestTimeoutMs: number; readonly maxBytes: number },
): SlowReaders<ServerHttp2Stream> {
  const readers = watchSlowReaders<ServerHttp2Stream>({
    ...bounds,
    addressOf: ({ session }) => session?.socket.remoteAddress ?? "",
    // A call produces no longer than `server.requestTimeout`, and what is left then only grows less.
    progressOf: ({ writableLength }) => writableLength,
    end: (stream) => stream.close(ENHANCE_YOUR_CALM),
    isLeft: ({ writableFinished }) => writableFinished,
    leave: (stream) => stream.close(NO_ERROR),
  });
  for (const transport of internalsOf(server).http2Servers.keys())
    transport.on("session", (session: ServerHttp2Session) => {
      let bucket = fullBucket(RESETS, performance.now());
      session.on("stream", (stream: ServerHttp2Stream) => {
        readers.add(stream);
        stream.once("close", () => {
          readers.delete(stream);
          if (stream.rstCode === 0 || session.destroyed) return;
          const { tokens, atMs } = refilled(bucket, RESETS, performance.now());
          bucket = { tokens: tokens - 1, atMs };
          if (bucket.tokens >= 0) return;
          session.goaway(ENHANCE_YOUR_CALM);
          session.destroy();
        });
      });
    });
  return readers;
}

/**
 * Why the headers of a call are refused, undefined when they are not. HTTP/2 holds a caller to the limit once that has confirmed it: of one that has not, and
 * may never do so, they are counted here.
 */
export function headersFault(
  { session }: ServerHttp2Stream,
  metadata: Metadata,
  maxBytes: number,
): ServingError | undefined {
  if (session?.pendingSettingsAck !== true) return undefined;
  let bytes = 0;
  for (const name of Object.keys(metadata.getMap()))
    for (const value of metadata.get(name)) bytes += name.length + value.length + FIELD_OVERHEAD_BYTES;
  return bytes <= maxBytes
    ? undefined
    : new ServingError("HEADERS_TOO_LARGE", "the headers pass server.limits.headers");
}
