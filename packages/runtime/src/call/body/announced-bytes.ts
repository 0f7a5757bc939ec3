import type { CallRequest } from "../types.ts";

/**
 * Bytes that a body will hold by its Content-Length, undefined where the caller announces none; 0 for one past `maxBytes`, which is refused for its length and never
 * read.
 */
export function announcedBytes({ headers }: Pick<CallRequest, "headers">, maxBytes: number): number | undefined {
  const header = headers["content-length"];
  if (header === undefined) return undefined;
  const announced = Number(header);
  return announced > maxBytes ? 0 : announced;
}
