import { Readable } from "node:stream";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Descriptor } from "../oci/types.ts";
import type { HttpReply } from "./http-client.ts";
import { toNetworkFailure } from "./registry-failure.ts";
import type { ResolvedRegistryOptions } from "./registry-options.ts";
import type { RegistrySession } from "./registry-session.ts";
import { withRetries } from "./with-retries.ts";

/** A registry that breaks off again and again, a few bytes each time, is given up. */
const MAX_CONNECTIONS = 50;

/** Fetches a blob unless it is in the store. A download that breaks off goes on where it was, also from a registry that can only begin anew. */
export async function downloadBlob(
  session: RegistrySession,
  blob: Descriptor,
  { blobs, options }: { readonly blobs: BlobStore; readonly options: ResolvedRegistryOptions },
): Promise<void> {
  if ((await blobs.find(blob.digest)) !== undefined) return;
  await blobs.put(Readable.from(pieces(session, blob, options), { objectMode: false }), blob, options.signal);
}

async function* pieces(
  session: RegistrySession,
  blob: Descriptor,
  options: ResolvedRegistryOptions,
): AsyncGenerator<Buffer> {
  const what = `the blob ${blob.digest}`;
  const tell = (doneBytes: number): void =>
    options.onEvent({ kind: "bytes", task: "pull", name: blob.digest, doneBytes, totalBytes: blob.size });
  let source: AsyncIterator<Buffer> | undefined;
  let connections = 0;
  let offset = 0;
  const next = async (): Promise<Buffer | undefined> => {
    try {
      if (source === undefined) {
        if (connections === MAX_CONNECTIONS) {
          const got = `got ${offset} of ${blob.size} bytes in ${connections} tries`;
          throw new ServingError("FAILED_PRECONDITION", `${what}: ${got}`);
        }
        connections += 1;
        source = await openFrom(session, blob, offset);
      }
      const { done, value } = await source.next();
      if (done !== true) return value;
    } catch (cause) {
      source = undefined;
      throw toNetworkFailure(cause, what, session.root.host);
    }
    source = undefined;
    if (offset === blob.size) return undefined;
    throw new ServingError("UNAVAILABLE", `${what}: got ${offset} of ${blob.size} bytes`);
  };
  tell(0);
  for (;;) {
    const piece = await withRetries(next, options, () => offset);
    if (piece === undefined) return;
    offset += piece.length;
    if (offset > blob.size)
      throw new ServingError("FAILED_PRECONDITION", `${what}: expected ${blob.size} bytes, got more`);
    tell(offset);
    yield piece;
  }
}

/** The bytes from some offset on. Source: OCI Distribution 1.1, "Pulling blobs": ranges are optional. */
async function openFrom(session: RegistrySession, blob: Descriptor, offset: number): Promise<AsyncIterator<Buffer>> {
  const headers: Readonly<Record<string, string>> = offset === 0 ? {} : { range: `bytes=${offset}-` };
  const reply = await session.ask({
    method: "GET",
    url: `blobs/${blob.digest}`,
    headers,
    expect: [200, 206],
    what: `the blob ${blob.digest}`,
  });
  return after(reply, offset);
}

async function* after(reply: HttpReply, offset: number): AsyncGenerator<Buffer> {
  const isRange = reply.status === 206 && reply.header("content-range")?.startsWith(`bytes ${offset}-`) === true;
  if (reply.status === 206 && !isRange)
    throw new ServingError("FAILED_PRECONDITION", "the registry sent another range than was asked for");
  let skip = isRange ? 0 : offset;
  for await (const chunk of reply.body as AsyncIterable<Buffer>) {
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}
