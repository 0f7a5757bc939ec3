import { askIssuer } from "./ask-issuer.ts";
import { addressIn, discover } from "./discovery.ts";
import type { FetchDocument } from "./fetch-document.ts";
import { parseSecureUrl } from "./secure-url.ts";
import type { ResolvedIssuer } from "./types.ts";

/** Where people sign in with an issuer and programs change their code for a token. */
export interface Endpoints {
  readonly authorization: URL;
  readonly token: URL;
}

const TIMEOUT_MS = 5_000;

/** Finds the endpoints of an issuer's code flow in its discovery document at `discoveryUrl`. Rejects when it can't be asked or is not to be relied on. */
export async function findEndpoints(
  { issuer, keys }: Pick<ResolvedIssuer, "issuer" | "keys">,
  discoveryUrl: string,
  fetch: FetchDocument,
): Promise<Endpoints> {
  const home = parseSecureUrl(discoveryUrl);
  const look = { signal: AbortSignal.timeout(TIMEOUT_MS), isUrgent: false };
  const document = await discover(issuer, home, await askIssuer(keys, { home, fetch, look }));
  return {
    authorization: addressIn(document, "authorization_endpoint"),
    token: addressIn(document, "token_endpoint"),
  };
}
