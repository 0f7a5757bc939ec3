import { Metadata, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { Cancellation } from "../../call/cancellation.ts";
import type { GrpcReply } from "../../call/types.ts";
import { ERROR_TABLE } from "../../error-table.ts";
import { toServingError } from "../../errors.ts";
import { endTogether } from "../end-together.ts";
import { LARGE_BYTES } from "../slow-readers.ts";
import { toMetadata } from "./metadata.ts";

/** A reply in parts that grpc-js sends. */
interface Sending {
  readonly base: ServerInterceptingCallInterface;
  readonly requestId: string;
  /** Aborts when the caller is gone. */
  readonly signal: Cancellation;
  /** Told when a large message was written. */
  written(): void;
}

/** Sends a reply; resolves when all of it was handed to the connection or the caller is gone. Never rejects. */
export async function sendGrpcReply(reply: GrpcReply, sending: Sending): Promise<void> {
  const { base, requestId } = sending;
  const { status, details, trailers, body } = reply;
  if (status !== 0 || body === undefined) {
    return base.sendStatus({
      code: status,
      details: toDetails(details),
      metadata: toMetadata(trailers, requestId),
    });
  }
  const metadata = toMetadata(reply.metadata, requestId);
  const end = (): void => base.sendStatus({ code: 0, details: "", metadata: toMetadata(trailers) });
  // A small message and the end leave in one go: waiting until the connection took it would cost a turn of the loop. A large one
  // is watched, so that callers who do not read can't pile up replies.
  if (body instanceof Uint8Array && body.length <= LARGE_BYTES)
    return endTogether(() => {
      base.sendMetadata(metadata);
      base.sendMessage(body, ignoreTaken);
      end();
    });
  base.sendMetadata(metadata);
  if (!(body instanceof Uint8Array)) return sendStream(reply, body, sending);
  await sendMessage(body, sending);
  end();
}

function ignoreTaken(): void {}

async function sendStream(
  { trailers }: GrpcReply,
  messages: AsyncIterable<Uint8Array>,
  sending: Sending,
): Promise<void> {
  const { base, signal } = sending;
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (signal.aborted) break;
      // Resolves when the connection has taken it: a slow reader holds its producer back.
      await sendMessage(next.value, sending);
    }
    base.sendStatus({ code: 0, details: "", metadata: toMetadata(trailers) });
  } catch (thrown) {
    const error = toServingError(thrown);
    const row = ERROR_TABLE[error.code];
    const details = row.exposed
      ? error.message
      : `the service failed; its log tells why under request id ${sending.requestId}`;
    base.sendStatus({ code: row.grpc, details: toDetails(details), metadata: new Metadata() });
  } finally {
    await iterator.return?.().catch(() => undefined);
  }
}

/** Resolves when the message was written, or the caller is gone: grpc-js then forgets the callback. */
function sendMessage(message: Uint8Array, { base, signal, written }: Sending): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done, { once: true });
    base.sendMessage(message, done);
    if (message.length > LARGE_BYTES) written();
  });
}

/** Longest text of a status; proxies refuse trailers of more than 8 KiB. */
const MAX_DETAILS = 2_000;

/** grpc-js percent-encodes the text, and fails at half of a surrogate pair. */
function toDetails(text: string): string {
  return (text.length > MAX_DETAILS ? `${text.slice(0, MAX_DETAILS)}…` : text).toWellFormed();
}
