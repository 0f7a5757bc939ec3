/** Why calls failed, by request id. */
export interface Reasons {
  get(requestId: string): string | undefined;
  /** Takes a further line of the log in. */
  read(line: string): void;
}

/** Collects the errors that a server's log, in JSON lines, tells of calls; `log` is what it has written so far. */
export function createReasons(log: string): Reasons {
  const reasons = new Map<string, string>();
  for (const line of log.split("\n")) rememberReason(line, reasons);
  return { get: (requestId) => reasons.get(requestId), read: (line) => rememberReason(line, reasons) };
}

function rememberReason(line: string, reasons: Map<string, string>): void {
  try {
    const { requestId, err } = JSON.parse(line) as { readonly requestId?: unknown; readonly err?: LoggedError };
    if (typeof requestId === "string" && err !== undefined) reasons.set(requestId, rootOf(err));
  } catch {
    // What the author prints is no log line.
  }
}

interface LoggedError {
  readonly message?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** The error and the line of the author's that threw it. */
const STACK_LINES = 2;

function rootOf(error: LoggedError): string {
  if (error.cause !== undefined) return rootOf(error.cause);
  return error.stack?.split("\n").slice(0, STACK_LINES).join("\n") ?? error.message ?? "unknown";
}
