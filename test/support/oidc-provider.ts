import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Provider, { type Configuration, type JWK, type KoaContextWithOIDC } from "oidc-provider";
import { createOidcStore } from "./oidc-store.ts";

/** What access tokens of the provider are for: a URI, as RFC 8707 has it. */
export const AUDIENCE = "https://models.example.com/whoami";
/** Another service of the same provider. */
export const OTHER_AUDIENCE = "https://other.example.com";
/** A program with a secret of its own, which gets tokens in its own name. */
export const PROGRAM = { id: "nightly", secret: "a secret of one test run" } as const;
/** A program without a secret, such as a page; it may come back to its path on any loopback port, below a prefix or not. */
export const PAGE = { id: "docs-page", callback: "/docs/static/oauth2-redirect.html", prefix: "/team/svc" } as const;

/** Seconds that everything lasts which it gives: longer than any test. */
const TTL_S = 600;

/** A certified OpenID provider on loopback, with a login that takes every name. */
export interface OidcProvider {
  readonly issuer: string;
  /** Paths that were asked for, in their order, since the provider was made. */
  readonly requests: readonly string[];
  /** A token of `PROGRAM` in its own name. */
  programToken(audience?: string): Promise<string>;
  /** From now on it signs by a new key and publishes that one alone. */
  rotate(): void;
  /** Ends it as a crash would: its address refuses connections. */
  stop(): Promise<void>;
  /** Starts it, at the address that it had. */
  start(): Promise<void>;
}

/** Starts a provider. Members of a group are told in the claim "groups" of their tokens. */
export async function startOidcProvider(
  groups: Readonly<Record<string, readonly string[]>> = {},
): Promise<OidcProvider> {
  const requests: string[] = [];
  const store = createOidcStore();
  let answer = (_request: IncomingMessage, response: ServerResponse): void => void response.writeHead(503).end();
  const create = (): Server =>
    createServer((request, response) => {
      requests.push(new URL(request.url ?? "", "http://provider").pathname);
      answer(request, response);
    });
  let server = create();
  await listenOn(server, 0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const rotate = (): void => {
    answer = answersOf(new Provider(issuer, configurationOf(groups, store)));
  };
  rotate();
  return {
    issuer,
    requests,
    programToken: (audience = AUDIENCE) => programToken(issuer, audience),
    rotate,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    start: async () => {
      server = create();
      await listenOn(server, port);
    },
  };
}

/** Goes to a protected page in the name of `login`, as a browser would without showing anything; gives where it is sent back to. */
export async function logIn(authorization: URL, login: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let [url, init]: [URL, RequestInit] = [authorization, {}];
  // Three answers of the authorization, the form and its answer, the consent; many more would be a loop.
  for (let step = 0; step < 10; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const reply = await fetch(url, { ...init, headers: { cookie }, redirect: "manual" });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = reply.headers.get("location");
    if (location === null && !url.pathname.startsWith("/interaction/"))
      throw new Error(`${url.pathname} answered ${reply.status}: ${await reply.text()}`);
    init = location === null ? { method: "POST", body: new URLSearchParams({ login }) } : {};
    url = location === null ? url : new URL(location, url);
    if (url.origin !== authorization.origin) return url;
  }
  throw new Error("the provider sends in circles");
}

function answersOf(provider: Provider): (request: IncomingMessage, response: ServerResponse) => void {
  const others = provider.callback();
  return (request, response) => {
    if (!request.url?.startsWith("/interaction/")) return others(request, response);
    interact(provider, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  };
}

/** The login: whoever comes is who they say they are, and agrees to all that is asked. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt } = await provider.interactionDetails(request, response);
  if (prompt.name === "consent") return provider.interactionFinished(request, response, { consent: {} });
  if (request.method === "POST") {
    const accountId = new URLSearchParams(await text(request)).get("login") ?? "";
    return provider.interactionFinished(request, response, { login: { accountId } });
  }
  const form = `<!doctype html><title>Log in</title><form method="post"><input name="login" autofocus><button>Log in</button></form>`;
  response.writeHead(200, { "content-type": "text/html" }).end(form);
}

function configurationOf(
  groups: Readonly<Record<string, readonly string[]>>,
  adapter: Configuration["adapter"],
): Configuration {
  return {
    adapter,
    ttl: {
      AccessToken: TTL_S,
      ClientCredentials: TTL_S,
      Interaction: TTL_S,
      Grant: TTL_S,
      Session: TTL_S,
      IdToken: TTL_S,
    },
    jwks: { keys: [createSigningKey()] },
    cookies: { keys: ["signs cookies of one test run"] },
    scopes: ["openid", "score"],
    pkce: { required: () => true },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    clients: [
      {
        client_id: PROGRAM.id,
        client_secret: PROGRAM.secret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: PAGE.id,
        application_type: "native",
        token_endpoint_auth_method: "none",
        // The port of a loopback address does not count, as RFC 8252, section 7.3 has it.
        redirect_uris: ["", PAGE.prefix].map((prefix) => `http://127.0.0.1${prefix}${PAGE.callback}`),
      },
    ],
    clientBasedCORS: (_ctx, _origin, client) => client.clientId === PAGE.id,
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    loadExistingGrant: grantAll,
    extraTokenClaims: (_ctx, token) =>
      token.kind === "AccessToken" ? { groups: groups[token.accountId] ?? [] } : undefined,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, audience) => ({
          audience,
          scope: "score",
          accessTokenFormat: "jwt",
          accessTokenTTL: TTL_S,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  };
}

async function grantAll({ oidc }: KoaContextWithOIDC): Promise<InstanceType<Provider["Grant"]>> {
  const { client, session, provider, resourceServers } = oidc;
  const grant = new provider.Grant({ clientId: client?.clientId ?? "", accountId: session?.accountId ?? "" });
  grant.addOIDCScope("openid score");
  for (const resource of Object.keys(resourceServers ?? {})) grant.addResourceScope(resource, "score");
  await grant.save();
  return grant;
}

function createSigningKey(): JWK {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kty: "EC", use: "sig", alg: "ES256" } as JWK;
}

async function programToken(issuer: string, audience: string): Promise<string> {
  const reply = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${PROGRAM.id}:${encodeURIComponent(PROGRAM.secret)}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", resource: audience }),
  });
  if (!reply.ok) throw new Error(`the provider gave no token: ${await reply.text()}`);
  return ((await reply.json()) as { access_token: string }).access_token;
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}
