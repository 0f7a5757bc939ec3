/** One call that can be sent again and again. */
export interface Shot {
  /** From the root of the server, or of gRPC. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How one call ended. */
export interface Outcome {
  /** Status of HTTP ("200") or gRPC ("OK"), or the code of a failed connection. */
  readonly status: string;
  readonly isOk: boolean;
  readonly receivedBytes: number;
  /** The first bytes of an answer that is an error. */
  readonly detail?: string;
}

/** What sends shots, each over a kept connection. */
export interface Caller {
  /** Rejects for a shot that can't be sent at all, such as one with a header that no request may have; whatever comes of others is an outcome. */
  send(shot: Shot): Promise<Outcome>;
  close(): void;
}

/** The outcome of a call that got no answer: its name in the system's words, or that it was given up. */
export function lostOutcome(thrown: unknown): Outcome {
  // A stream of HTTP/2 that its connection has taken along says only that.
  const isTaken = thrown instanceof Error && "code" in thrown && thrown.code === "ERR_HTTP2_STREAM_CANCEL";
  const cause = isTaken && thrown.cause instanceof Error ? thrown.cause : thrown;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  const isTimeout = cause instanceof Error && cause.name === "TimeoutError";
  const detail = cause instanceof Error ? cause.message : String(cause);
  return { status: isTimeout ? "timeout" : (code ?? "no answer"), isOk: false, receivedBytes: 0, detail };
}
