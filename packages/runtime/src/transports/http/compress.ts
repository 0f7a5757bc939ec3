import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { HttpReply } from "../../call/types.ts";

/** Below this many bytes the coding costs more than it saves. */
const MIN_BYTES = 1024;
const COMPRESSIBLE = /^(?:application\/(?:[a-z0-9.+-]*\+)?(?:json|xml)|text\/(?!event-stream)[a-z]+)/;

const CODINGS = {
  br: promisify((bytes: Uint8Array, done: (error: Error | null, result: Uint8Array) => void) => {
    // Quality 4 compresses JSON better than gzip and about as fast; the default of 11 is for files served for years.
    brotliCompress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }, done);
  }),
  gzip: promisify((bytes: Uint8Array, done: (error: Error | null, result: Uint8Array) => void) => gzip(bytes, done)),
} as const;

/** Headers and body as they go out. */
export type Encoded = Pick<HttpReply, "headers" | "body">;

/** Compresses the body of a reply (br or gzip) where the caller takes it and it pays; streams and small bodies stay as they are. */
export function compressReply(
  acceptEncoding: string | string[] | undefined,
  reply: HttpReply,
): Encoded | Promise<Encoded> {
  const { headers, body } = reply;
  if (
    acceptEncoding === undefined ||
    (typeof body !== "string" && !(body instanceof Uint8Array)) ||
    body.length < MIN_BYTES
  )
    return reply;
  if (headers["content-encoding"] !== undefined || !COMPRESSIBLE.test(headers["content-type"] ?? "")) return reply;
  const coding = chooseCoding(String(acceptEncoding));
  if (coding === undefined) return { headers: { ...headers, vary: "accept-encoding" }, body };
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return CODINGS[coding](bytes).then((compressed) => ({
    headers: { ...headers, vary: "accept-encoding", "content-encoding": coding },
    body: compressed,
  }));
}

/** The coding that a caller prefers among ours, undefined for none. Source: RFC 9110, 12.5.3. */
export function chooseCoding(acceptEncoding: string): keyof typeof CODINGS | undefined {
  const weights = new Map<string, number>();
  for (const item of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((text) => text.trim());
    const q = parameters.find((text) => text.startsWith("q="));
    weights.set(name, q === undefined ? 1 : Number(q.slice(2)) || 0);
  }
  const weightOf = (name: string): number => weights.get(name) ?? weights.get("*") ?? 0;
  const [br, gz] = [weightOf("br"), weightOf("gzip")];
  if (br <= 0 && gz <= 0) return undefined;
  return br >= gz ? "br" : "gzip";
}
