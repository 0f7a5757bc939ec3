import type { SignIn } from "../../protocols/openapi/index.ts";

/** The documentation page as a client of an issuer. */
export interface PageClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** What else the issuer wants to be asked with. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Asks the issuer for its endpoints; undefined while it can't tell. Never rejects. */
  findSignIn(): Promise<SignIn | undefined>;
}

/** How readers of the page sign in, as far as it is known. */
export interface KnownSignIn {
  /** By issuer; empty while none is known. The same object as long as nothing changes. */
  current(): Readonly<Record<string, SignIn>>;
  /** Asks the issuer again; what was known stays when it can't tell. */
  refresh(): Promise<void>;
}

/** Remembers what an issuer told last. */
export function rememberSignIn(client: PageClient | undefined): KnownSignIn {
  let known: Readonly<Record<string, SignIn>> = {};
  return {
    current: () => known,
    refresh: async () => {
      const found = await client?.findSignIn();
      if (client === undefined || found === undefined) return;
      const next = { [client.issuer]: found };
      if (JSON.stringify(next) !== JSON.stringify(known)) known = next;
    },
  };
}

/** The client as Swagger UI reads it. */
export function toUiClient({ clientId, scopes, parameters }: PageClient): object {
  return {
    clientId,
    scopes: [...scopes],
    additionalQueryStringParams: parameters,
    usePkceWithAuthorizationCodeGrant: true,
  };
}

/**
 * The page's own policy: nothing from other hosts, no inline script or style, nothing evaluated, no frame around it. `data:` and `blob:` are for icons in the
 * style sheet and for pictures that a call answered. The page that signs in may ask one address more, where a code is changed for a token.
 */
export function pagePolicy(signIns: Readonly<Record<string, SignIn>>): string {
  const tokenUrls = Object.values(signIns).map(({ tokenUrl }) => toSource(tokenUrl));
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    ["connect-src 'self'", ...tokenUrls].join(" "),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** One address as a source of a policy, where ";" and "," would end it. Source: Content Security Policy Level 3, section 2.3.1. */
function toSource(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replaceAll(";", "%3B").replaceAll(",", "%2C");
}
