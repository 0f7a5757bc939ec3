import type { IssuerOptions } from "./types.ts";

/** Where an issuer tells of itself; undefined where its keys are configured in place of that. */
export function discoveryUrlOf({ issuer, discoveryUrl, jwksUri, jwksFile }: IssuerOptions): string | undefined {
  if (jwksUri !== undefined || jwksFile !== undefined) return undefined;
  return discoveryUrl ?? wellKnownUrl(issuer);
}

/** Where every issuer tells of itself unless its owner says otherwise. Source: OpenID Connect Discovery 1.0, section 4: one trailing slash is left out. */
export function wellKnownUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}
