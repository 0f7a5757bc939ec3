import { randomUUID } from "node:crypto";

export interface DevClaimOptions {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly nowMs: number;
  readonly expiresInMs: number;
  /** "developer" unless given. */
  readonly subject?: string | undefined;
  readonly groups?: readonly string[];
  readonly scopes?: readonly string[];
  /** Claims by name, or by JSON Pointer into nested ones (`/realm/roles`); they win over all others. */
  readonly claims?: ReadonlyMap<string, unknown>;
}

/** The claims of an access token (RFC 9068, section 2.2) for a developer's own server. */
export function devClaims(options: DevClaimOptions): Readonly<Record<string, unknown>> {
  const { issuer, audiences, nowMs, expiresInMs, subject = "developer", groups = [], scopes = [] } = options;
  const seconds = Math.floor(nowMs / 1000);
  const base: Readonly<Record<string, unknown>> = {
    iss: issuer,
    aud: audiences.length === 1 ? audiences[0] : audiences,
    sub: subject,
    iat: seconds,
    exp: seconds + Math.floor(expiresInMs / 1000),
    jti: randomUUID(),
    client_id: "bento-ts",
    ...(groups.length === 0 ? {} : { groups }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
  };
  return [...(options.claims ?? [])].reduce((claims, [path, value]) => withClaim(claims, namesOf(path), value), base);
}

/** The names in a JSON Pointer (RFC 6901, section 4); any other text is one name. */
function namesOf(path: string): readonly string[] {
  if (!path.startsWith("/")) return [path];
  return path
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Claims with one more; what is no object on its way gives room to one. */
function withClaim(claims: unknown, [name = "", ...rest]: readonly string[], value: unknown): Record<string, unknown> {
  const before: object = typeof claims === "object" && claims !== null && !Array.isArray(claims) ? claims : {};
  const inner: unknown = Object.hasOwn(before, name) ? Reflect.get(before, name) : undefined;
  // A computed name is an own member, whatever it is.
  return { ...before, [name]: rest.length === 0 ? value : withClaim(inner, rest, value) };
}
