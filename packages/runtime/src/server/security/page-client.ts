import type { FetchDocument } from "../../auth/oidc/fetch-document.ts";
import type { SecurityConfig } from "../../config/security/types.ts";
import type { PageClient } from "../../transports/http/docs-sign-in.ts";

/** The documentation page as a client of the issuer that is configured for it; undefined where none is. `onFault` is told why nobody can sign in now. */
export async function pageClient(
  { issuers }: Pick<SecurityConfig, "issuers">,
  {
    fetch,
    onFault,
  }: { readonly fetch: FetchDocument | undefined; readonly onFault: (issuer: string, cause: unknown) => void },
): Promise<PageClient | undefined> {
  if (issuers.every(({ docs }) => docs === undefined)) return undefined;
  const [{ resolveIssuers }, { findEndpoints }, { fetchDocument }] = await Promise.all([
    import("../../auth/oidc/resolve-issuers.ts"),
    import("../../auth/oidc/find-endpoints.ts"),
    import("../../auth/oidc/fetch-document.ts"),
  ]);
  for (const issuer of resolveIssuers(issuers)) {
    if (issuer.docs === undefined) continue;
    const { discoveryUrl, ...client } = issuer.docs;
    return {
      issuer: issuer.issuer,
      ...client,
      findSignIn: async () => {
        try {
          const { authorization, token } = await findEndpoints(issuer, discoveryUrl, fetch ?? fetchDocument);
          return { authorizationUrl: authorization.href, tokenUrl: token.href, scopes: client.scopes };
        } catch (cause) {
          // The page is of use without it: tokens can be pasted, and calls told from the document.
          onFault(issuer.issuer, cause);
          return undefined;
        }
      },
    };
  }
  return undefined;
}
