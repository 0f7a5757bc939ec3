import type { TlsMaterial } from "./tls-options.ts";

/** Reads what the supervisor sent; undefined for anything else. */
export function parseMaterial(value: unknown): TlsMaterial | undefined {
  const { pair, profile, ca, crl } = fieldsOf(value);
  const { cert, key, passphrase } = fieldsOf(pair);
  if (typeof cert !== "string" || typeof key !== "string" || (profile !== "modern" && profile !== "compat"))
    return undefined;
  if (!isOptionalText(passphrase) || !isOptionalText(ca) || !isOptionalText(crl)) return undefined;
  return { pair: { cert, key, passphrase }, profile, ca, crl };
}

function fieldsOf(value: unknown): Readonly<Partial<Record<string, unknown>>> {
  return typeof value === "object" && value !== null ? (value as Partial<Record<string, unknown>>) : {};
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
