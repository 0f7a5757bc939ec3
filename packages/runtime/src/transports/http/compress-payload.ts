import { pipeline, Readable } from "node:stream";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import { chooseCoding, compressReply } from "./compress.ts";

const SCRIPT_OR_STYLE = /^(?:application|text)\/(?:javascript|css)/;

/** Compresses what a fastify plugin sends (texts, and scripts and styles from files) where the caller takes it; gives the payload to send. */
export async function compressPayload(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (request.method === "HEAD" || reply.statusCode !== 200) return payload;
  const accepted = request.headers["accept-encoding"];
  const contentType = String(reply.getHeader("content-type"));
  if (typeof payload === "string") {
    const compressed = await compressReply(accepted, {
      status: 200,
      headers: { "content-type": contentType },
      body: payload,
    });
    reply.headers(compressed.headers);
    return compressed.body;
  }
  if (!(payload instanceof Readable) || !SCRIPT_OR_STYLE.test(contentType)) return payload;
  reply.header("vary", "accept-encoding");
  const coding = accepted === undefined ? undefined : chooseCoding(String(accepted));
  if (coding === undefined) return payload;
  reply.header("content-encoding", coding);
  reply.removeHeader("content-length");
  // A part of compressed bytes is not the part of the file that was asked for.
  reply.removeHeader("accept-ranges");
  const coder =
    coding === "gzip" ? createGzip() : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
  // A failure of the file destroys the coder with the same error, which ends the reply.
  return pipeline(payload, coder, () => {});
}
