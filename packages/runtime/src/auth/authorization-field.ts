import type { Caller } from "./types.ts";

/** The parts of an `Authorization` field. */
export interface AuthorizationField {
  /** Lower case. */
  readonly scheme: string;
  /** What stands behind the scheme and its spaces. */
  readonly credentials: string;
}

/**
 * The one `Authorization` field of a call, undefined where there is none or it begins with no scheme; "several" for two and more, whatever their schemes.
 *
 * Source: RFC 9110, section 11.4.
 */
export function authorizationField(caller: Pick<Caller, "valuesOf">): AuthorizationField | "several" | undefined {
  const fields = caller.valuesOf("authorization");
  if (fields.length > 1) return "several";
  const [, scheme, credentials] = FIELD.exec(fields[0] ?? "") ?? [];
  return scheme === undefined ? undefined : { scheme: scheme.toLowerCase(), credentials: credentials ?? "" };
}

const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +(.*))?$/s;
