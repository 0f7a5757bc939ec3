/** Why a connection or a question failed, in a few words. */
export function failureText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "AbortError" || cause.name === "TimeoutError") return "no answer in time";
  const { code } = cause as NodeJS.ErrnoException;
  return code === undefined ? cause.message : (TEXTS[code] ?? code);
}

const TEXTS: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name is not known (ENOTFOUND)",
  EAI_AGAIN: "no name server answers (EAI_AGAIN)",
  ECONNREFUSED: "the connection is refused (ECONNREFUSED)",
  ECONNRESET: "the connection is cut (ECONNRESET)",
  EHOSTUNREACH: "there is no way to the host (EHOSTUNREACH)",
  ENETUNREACH: "there is no way to the network (ENETUNREACH)",
};

/** Whether a connection was ended because it shows no client certificate: by the alert of TLS 1.3, or that of TLS 1.2, which has no word of its own for it. */
export function isCertificateDemand(cause: unknown): boolean {
  const { code = "" } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  return /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/.test(code);
}
