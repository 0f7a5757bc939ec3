import { ServingError } from "@bento-ts/runtime/definition";
import type { HttpReply } from "./http-client.ts";

/** Status codes that mean "not now". */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * The error that an unexpected answer stands for; UNAVAILABLE when another try may do better.
 *
 * Of the answer only status and error codes are told: its texts are the registry's, and could repeat what it was sent.
 */
export async function toFailure(reply: HttpReply, what: string, host: string): Promise<ServingError> {
  const codes = await errorCodes(reply);
  const shown = codes.length === 0 ? `${reply.status}` : `${reply.status} (${codes.join(", ")})`;
  if (PASSING.has(reply.status)) {
    const retryAfterSeconds = secondsOf(reply.header("retry-after"));
    const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    return new ServingError("UNAVAILABLE", `${what}: ${host} answered ${shown}, try again later`, options);
  }
  if (reply.status === 401 || reply.status === 403) {
    const next = 'sign in with "docker login", or ask for the right to it';
    return new ServingError("FAILED_PRECONDITION", `${what}: ${host} refuses access with ${shown}; ${next}`);
  }
  return new ServingError("FAILED_PRECONDITION", `${what}: ${host} answered ${shown}`);
}

/** The error that a broken or impossible connection stands for; UNAVAILABLE when another try may do better. */
export function toNetworkFailure(cause: unknown, what: string, host: string): ServingError {
  if (cause instanceof ServingError) return cause;
  const code = networkCode(cause);
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") {
    const next = `if it is meant to be without TLS, allow that with BENTO_REGISTRY_PLAIN_HTTP=${host}`;
    return new ServingError("FAILED_PRECONDITION", `${what}: ${host} does not speak TLS (${code}); ${next}`, { cause });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    const next = "name a file with its authority's certificate in BENTO_REGISTRY_CA";
    return new ServingError(
      "FAILED_PRECONDITION",
      `${what}: the certificate of ${host} is not trusted (${code}); ${next}`,
      { cause },
    );
  }
  if (code === "ENOTFOUND") {
    return new ServingError("FAILED_PRECONDITION", `${what}: there is no host ${host}`, { cause });
  }
  return new ServingError("UNAVAILABLE", `${what}: the connection to ${host} failed (${code})`, { cause });
}

/** The word for a failure: of the error itself or of what caused it. */
export function networkCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error instanceof AggregateError && error.errors.length > 0) return networkCode(error.errors[0]);
  if ("code" in error && typeof error.code === "string" && error.code !== "UND_ERR_ABORTED") return error.code;
  return error.cause === undefined ? error.name : networkCode(error.cause);
}

/** Source: OCI Distribution 1.1, "Error codes": {"errors": [{"code": …}]}. */
async function errorCodes(reply: HttpReply): Promise<readonly string[]> {
  try {
    const { errors } = JSON.parse((await reply.read(MAX_ERROR_BYTES)).toString()) as { errors: { code: unknown }[] };
    return errors.slice(0, 3).flatMap(({ code }) => (/^[A-Z0-9_]{1,64}$/.test(String(code)) ? [String(code)] : []));
  } catch {
    // Not every proxy in between speaks JSON; the status says enough.
    return [];
  }
}

/** Source: RFC 9110, 10.2.3: seconds or a date. */
function secondsOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}
