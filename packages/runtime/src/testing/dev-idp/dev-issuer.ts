import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { ServingError } from "../../errors.ts";
import { createDevKey, type DevKey, loadDevKey } from "./dev-key.ts";
import { devClaims, type DevClaimOptions } from "./dev-claims.ts";
import { noteIssuer } from "./running-issuers.ts";
import { signDevToken } from "./sign-token.ts";

/** An issuer of tokens on loopback, for development and tests. */
export interface DevIssuer {
  /** Its URL, the tokens' `iss`. */
  readonly issuer: string;
  readonly audience: string;
  /** Signs a token for the audience, for an hour unless told otherwise. */
  token(options?: Partial<Omit<DevClaimOptions, "issuer">>): Promise<string>;
  close(): Promise<void>;
}

export interface DevIssuerOptions {
  readonly audience: string;
  /** 0, a free one, unless given. */
  readonly port?: number;
  /** Folder in which its key is kept and in which it is noted while it runs; without one its key ends with it. */
  readonly dir?: string;
}

const HOUR_MS = 3_600_000;

/**
 * Starts an issuer at 127.0.0.1 with a discovery document and a key set (OpenID Connect Discovery 1.0, section 4). It signs for nobody over the network: tokens are
 * made by who holds its key.
 *
 * Throws FAILED_PRECONDITION when the port is taken or the folder's key is none.
 */
export async function startDevIssuer({ audience, port = 0, dir }: DevIssuerOptions): Promise<DevIssuer> {
  const key = dir === undefined ? await createDevKey() : await loadDevKey(dir);
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => answer(request, response, issuer, key));
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((cause: unknown) => {
    throw new ServingError("FAILED_PRECONDITION", `the development issuer can't listen on 127.0.0.1:${port}`, {
      cause,
    });
  });
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`;
  const forget = dir === undefined ? undefined : await noteIssuer(dir, { issuer, audience, pid: process.pid });
  return {
    issuer,
    audience,
    token: async (options = {}) =>
      signDevToken(
        key,
        devClaims({ audiences: [audience], nowMs: Date.now(), expiresInMs: HOUR_MS, ...options, issuer }),
      ),
    close: async () => {
      await forget?.();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, issuer: string, key: DevKey): void {
  const documents = {
    "/.well-known/openid-configuration": {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    },
    "/jwks": { keys: [key.publicJwk] },
  } as const;
  // A page that was led here by a name of its own (DNS rebinding) gets nothing.
  const isMeant = request.headers.host === new URL(issuer).host && request.method === "GET";
  const document = isMeant ? Object.entries(documents).find(([path]) => path === request.url)?.[1] : undefined;
  response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(document ?? { error: "not_found" }));
}
