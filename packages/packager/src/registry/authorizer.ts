import { ServingError } from "@bento-ts/runtime/definition";
import { parseChallenges } from "./challenge.ts";
import { type Credential, findCredential } from "./credentials.ts";
import type { HttpClient, HttpReply } from "./http-client.ts";
import { toFailure, toNetworkFailure } from "./registry-failure.ts";
import type { ResolvedRegistryOptions } from "./registry-options.ts";
import { withRetries } from "./with-retries.ts";

/** Proves to one registry, for one repository, who asks. */
export interface Authorizer {
  /** Value of `Authorization`, undefined as long as the registry asked for none. */
  current(): string | undefined;
  /**
   * Does what a 401 asks for, unless that has happened since `used` was sent; false when the registry offers no way that is known or has
   * nothing to do with the credentials there are.
   */
  renew(challenge: string, used: string | undefined): Promise<boolean>;
}

export interface AuthorizerSetup {
  readonly host: string;
  readonly repository: string;
  /** As the token protocol writes them: `repository:NAME:pull,push`. */
  readonly scopes: readonly string[];
  readonly http: HttpClient;
  readonly options: ResolvedRegistryOptions;
  /** Whether credentials may be sent there. */
  readonly mayAsk: (url: URL) => boolean;
}

const MAX_TOKEN_BYTES = 1024 * 1024;

/** Makes an authorizer. Credentials are looked up when the registry asks, not before: most bases are public. */
export function createAuthorizer(setup: AuthorizerSetup): Authorizer {
  let header: string | undefined;
  let running: Promise<boolean> | undefined;
  const renew = async (challenge: string): Promise<boolean> => {
    const found = await authorize(challenge, setup);
    header = found;
    return found !== undefined;
  };
  return {
    current: () => header,
    renew(challenge, used) {
      if (running === undefined && used !== header) return Promise.resolve(true);
      running ??= renew(challenge).finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

async function authorize(header: string, setup: AuthorizerSetup): Promise<string | undefined> {
  const challenges = parseChallenges(header);
  const credential = await findCredential(setup.host, setup.repository, setup.options);
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  const realm = bearer?.parameters.get("realm");
  if (bearer !== undefined && realm !== undefined) {
    return `Bearer ${await fetchToken(realm, bearer.parameters.get("service"), credential, setup)}`;
  }
  const offersBasic = challenges.some(({ scheme }) => scheme === "basic");
  return offersBasic && credential?.kind === "password" ? basic(credential) : undefined;
}

/** Source: Distribution, "Token Authentication" and "OAuth2 Token Authentication". */
async function fetchToken(
  realm: string,
  service: string | undefined,
  credential: Credential | undefined,
  { host, scopes, http, options, mayAsk }: AuthorizerSetup,
): Promise<string> {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const what = `a token for ${host}`;
  if (url === undefined || !mayAsk(url)) {
    const next = "credentials would be sent in the clear";
    throw new ServingError(
      "FAILED_PRECONDITION",
      `${what}: the registry names a place for tokens that is not https; ${next}`,
    );
  }
  const fields = new URLSearchParams(service === undefined ? {} : { service });
  const ask = async (): Promise<HttpReply> => {
    if (credential?.kind === "identityToken") {
      fields.set("scope", scopes.join(" "));
      fields.set("grant_type", "refresh_token");
      fields.set("client_id", "bento-ts");
      fields.set("refresh_token", credential.token);
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return http.send({ method: "POST", url, headers, body: fields.toString() });
    }
    const asked = new URL(url);
    for (const [name, value] of fields) asked.searchParams.set(name, value);
    for (const scope of scopes) asked.searchParams.append("scope", scope);
    return http.send({
      method: "GET",
      url: asked,
      headers: credential === undefined ? {} : { authorization: basic(credential) },
    });
  };
  return withRetries(async () => {
    const reply = await ask().catch((cause: unknown) => {
      throw toNetworkFailure(cause, what, url.host);
    });
    if (reply.status !== 200) throw await toFailure(reply, what, url.host);
    return parseToken(await reply.read(MAX_TOKEN_BYTES), url.host);
  }, options);
}

function parseToken(bytes: Buffer, host: string): string {
  try {
    const { token, access_token: accessToken } = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const found = token ?? accessToken;
    // No line ends and no blanks: it becomes a part of a header.
    if (typeof found === "string" && /^[\x21-\x7e]+$/.test(found)) return found;
  } catch {
    // Without the cause, which shows a piece of the text.
  }
  throw new ServingError("FAILED_PRECONDITION", `${host} answered without a token`);
}

function basic({ user, password }: Extract<Credential, { kind: "password" }>): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
