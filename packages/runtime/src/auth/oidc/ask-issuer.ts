import { readFile } from "node:fs/promises";
import { ServingError } from "../../errors.ts";
import type { FetchDocument } from "./fetch-document.ts";
import type { Look } from "./load-keys.ts";
import type { ResolvedIssuer } from "./types.ts";

/** Fetches a document of one issuer. */
export type AskIssuer = (url: URL) => ReturnType<FetchDocument>;

/** Reads authorities and token of an issuer for one look; gives what fetches its documents. `home` is the address that is configured. */
export async function askIssuer(
  { caFile, tokenFile }: Pick<ResolvedIssuer["keys"], "caFile" | "tokenFile">,
  {
    home,
    fetch,
    look: { signal, isUrgent },
  }: { readonly home: URL; readonly fetch: FetchDocument; readonly look: Look },
): Promise<AskIssuer> {
  const ca = caFile === undefined ? undefined : await readFile(caFile, { encoding: "utf8", signal });
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile, signal);
  // A document may name any host: the server's own token goes to the configured one alone.
  return (url) => fetch({ url, ca, token: url.origin === home.origin ? token : undefined, signal, isUrgent });
}

async function readToken(path: string, signal: AbortSignal): Promise<string> {
  const token = (await readFile(path, { encoding: "utf8", signal })).trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new ServingError("UNAVAILABLE", `${path}: expected a token of visible ASCII characters`);
  return token;
}
