import { ERROR_TABLE, type ErrorCode } from "./error-table.ts";

/** One fault of a caller's input: where it is (JSON Pointer, `/df/3/RM`) and what is wrong there. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Why a caller was refused, for audit and metrics: a closed list, never sent. Source: security.md A4. */
export type RefusalReason =
  | "missing_credentials"
  | "invalid_token"
  | "expired"
  | "not_yet_valid"
  | "bad_signature"
  | "unknown_issuer"
  | "unknown_key"
  | "wrong_audience"
  | "ambiguous_credentials"
  | "invalid_credentials"
  | "policy_denied"
  | "rule_error"
  | "ip_denied"
  | "edge_denied"
  | "origin_denied"
  | "rate_limited"
  | "keys_unavailable"
  | "passwords_busy";

export interface ServingErrorOptions {
  /** Faults found in the input, at most 20 are shown. */
  readonly problems?: readonly Problem[];
  /** Seconds after which the caller may try again; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Why a caller was refused. */
  readonly reason?: RefusalReason;
  /** Values of `WWW-Authenticate`, one a scheme. */
  readonly challenge?: readonly string[];
  /** Further headers of the answer by lower-case name, trailers over gRPC. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON-safe facts for the log, never sent. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error of the product: its code says who must act, its message what was expected, what came and where.
 *
 * The message reaches the caller unless the code is `INTERNAL`; `cause` and `details` go to the log only.
 */
export class ServingError extends Error {
  override readonly name = "ServingError";
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly retryAfterSeconds: number | undefined;
  readonly reason: RefusalReason | undefined;
  readonly challenge: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ServingErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    // Authors write plain JavaScript too: a code outside the table would have no status on any wire.
    this.code = Object.hasOwn(ERROR_TABLE, code) ? code : "INTERNAL";
    this.problems = options.problems ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.reason = options.reason;
    this.challenge = options.challenge ?? [];
    this.headers = options.headers ?? {};
    this.details = options.details ?? {};
  }
}

/** Turns whatever was thrown into a ServingError; a foreign error becomes `INTERNAL` and stays as its cause. */
export function toServingError(thrown: unknown): ServingError {
  if (thrown instanceof ServingError) return thrown;
  return new ServingError("INTERNAL", "the service failed while it handled this call", { cause: thrown });
}

/** An `INVALID_ARGUMENT` that lists its faults by place; the message is the first of them and how many of `total` are left. */
export function invalidInput(problems: readonly Problem[], total: number = problems.length): ServingError {
  const [first] = problems;
  const rest = total > 1 ? ` (and ${total - 1} more)` : "";
  const message =
    first === undefined
      ? "the input is not valid"
      : `${first.path === "" ? "" : `${first.path}: `}${first.message}${rest}`;
  return new ServingError("INVALID_ARGUMENT", message, { problems });
}

/** Marks a branch that the types rule out. */
export function assertNever(value: never): never {
  throw new ServingError("INTERNAL", `unexpected value ${String(value)}`);
}
