import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { ServingError } from "@bento-ts/runtime/definition";
import type { Descriptor } from "../oci/types.ts";
import type { HttpReply } from "./http-client.ts";
import type { RegistryCall, RegistrySession } from "./registry-session.ts";

/** A blob that is sent. */
export interface UploadSource {
  readonly session: RegistrySession;
  readonly blob: Descriptor;
  /** File of its bytes. */
  readonly path: string;
  readonly tell: (doneBytes: number) => void;
}

/** An upload that the registry has begun: where it goes on, and how many bytes it has. */
export interface UploadPlace {
  readonly url: URL;
  readonly offset: number;
  /** Parts must not be smaller, but for the last. */
  readonly minPartBytes: number;
}

/** Begins an upload; "mounted" when the registry took the blob from the other repository instead. */
export async function beginUpload(
  source: UploadSource,
  mountFrom: string | undefined,
): Promise<UploadPlace | "mounted"> {
  const from = mountFrom === undefined ? "" : `?mount=${source.blob.digest}&from=${encodeURIComponent(mountFrom)}`;
  const headers = { "content-length": "0" };
  const { reply, url } = await ask(source, {
    method: "POST",
    url: `blobs/uploads/${from}`,
    headers,
    expect: [201, 202],
  });
  if (reply.status === 201) return "mounted";
  if (url === undefined)
    throw new ServingError(
      "FAILED_PRECONDITION",
      `${nameOf(source)}: the registry began an upload and did not say where`,
    );
  return { url, offset: 0, minPartBytes: Number(reply.header("oci-chunk-min-length") ?? 0) || 0 };
}

/** Sends the bytes from the place's offset to `end`; "refused" when the registry takes no parts, "misplaced" when it is elsewhere. */
export async function sendPart(
  source: UploadSource,
  place: UploadPlace,
  end: number,
): Promise<UploadPlace | "refused" | "misplaced"> {
  const { reply, url = place.url } = await ask(source, {
    method: "PATCH",
    url: place.url,
    headers: { ...bodyHeaders(end - place.offset), "content-range": `${place.offset}-${end - 1}` },
    body: async () => readPart(source, place.offset, end),
    expect: [202, 400, 404, 405, 411, 416, 501],
  });
  if (reply.status === 416) return "misplaced";
  return reply.status === 202 ? { ...place, url, offset: endOf(reply) ?? end } : "refused";
}

/** Where an upload stands that broke off; undefined when the registry has given it up. */
export async function askPlace(source: UploadSource, place: UploadPlace): Promise<UploadPlace | undefined> {
  const { reply, url = place.url } = await ask(source, { method: "GET", url: place.url, expect: [204, 400, 404, 416] });
  return reply.status === 204 ? { ...place, url, offset: endOf(reply) ?? 0 } : undefined;
}

/** Sends what the registry has not got, all in one, and ends the upload: now the blob is there. */
export async function commitUpload(source: UploadSource, { url, offset }: UploadPlace): Promise<void> {
  const { blob } = source;
  const closing = new URL(url);
  closing.searchParams.set("digest", blob.digest);
  const body = async (): Promise<Readable | Uint8Array> =>
    offset === blob.size ? new Uint8Array() : readPart(source, offset, blob.size);
  await ask(source, { method: "PUT", url: closing, headers: bodyHeaders(blob.size - offset), body, expect: [201] });
}

/** The URL is that of the answer, where it has one: the last one counts. Source: OCI Distribution 1.1, "Pushing a blob in chunks". */
async function ask(
  source: UploadSource,
  call: Omit<RegistryCall, "what">,
): Promise<{ readonly reply: HttpReply; readonly url: URL | undefined }> {
  const { session } = source;
  const reply = await session.ask({ ...call, what: nameOf(source) });
  await reply.drop();
  const location = reply.header("location");
  const isPlace = location !== undefined && URL.canParse(location, session.root.href);
  return { reply, url: isPlace ? new URL(location, new URL(call.url, session.root)) : undefined };
}

function bodyHeaders(bytes: number): Readonly<Record<string, string>> {
  return { "content-type": "application/octet-stream", "content-length": String(bytes) };
}

/** How many bytes the registry has: `Range: 0-<last byte>`. */
function endOf(reply: HttpReply): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(reply.header("range") ?? "")?.[1];
  if (last === undefined) return undefined;
  // "0-0" is said of an upload that has nothing yet, too; a first part of a single byte is never sent.
  return last === "0" ? 0 : Number(last) + 1;
}

function readPart({ path, tell }: UploadSource, start: number, end: number): Readable {
  const read = async function* (): AsyncGenerator<Buffer> {
    let done = start;
    const file = createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 });
    for await (const chunk of file as AsyncIterable<Buffer>) {
      yield chunk;
      done += chunk.length;
      tell(done);
    }
  };
  return Readable.from(read(), { objectMode: false });
}

function nameOf({ blob }: UploadSource): string {
  return `the blob ${blob.digest}`;
}
