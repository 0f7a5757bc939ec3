import type { Cancellation } from "../cancellation.ts";
import { ServingError } from "../../errors.ts";
import type { Part } from "../../io/types.ts";

/** Counts the bytes of a body as they are read, after decompression; shared with whoever reports them. */
export interface BodyCounter {
  bytes: number;
}

/** How far a body is read. */
export interface BodyLimits {
  /** Largest body in bytes, before and after decompression. */
  readonly maxBytes: number;
  /** Option that sets `maxBytes`, named in the refusal: `server.limits.json`. */
  readonly limitName: string;
  /** Ends the reading; its reason is thrown when it is a ServingError, else CANCELLED. */
  readonly signal: Cancellation;
  readonly counter?: BodyCounter;
  /** Told how many bytes have come so far, after decompression; what it throws ends the reading. */
  readonly hold?: (bytes: number) => void;
  /** Shown every piece of the body, after decompression, before anybody makes something of it. */
  readonly tap?: ((piece: Uint8Array) => void) | undefined;
}

/** The parts of a body; what they keep on disk is freed by `dispose`, which never throws and may be called again. */
export interface BodyParts {
  readonly parts: readonly Part[];
  dispose(): Promise<void>;
}

/** The refusal of a body that is too long. */
export function bodyTooLarge(
  { maxBytes, limitName }: Pick<BodyLimits, "maxBytes" | "limitName">,
  what = "the body",
): ServingError {
  return new ServingError(
    "PAYLOAD_TOO_LARGE",
    `${what} has more than ${maxBytes} bytes, the limit set by ${limitName}`,
  );
}

/** The refusal of a body whose sender is gone before its end. */
export function bodyCutShort(cause?: unknown): ServingError {
  return new ServingError("CANCELLED", "the caller was gone before the end of the body", { cause });
}

/** What a reading that was ended by its signal throws. */
export function bodyAborted(signal: Cancellation): ServingError {
  const reason: unknown = signal.reason;
  if (reason instanceof ServingError) return reason;
  return new ServingError("CANCELLED", "the call was cancelled while its body was read", { cause: reason });
}
