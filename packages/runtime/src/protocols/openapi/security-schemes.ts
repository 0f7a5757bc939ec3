import type { JsonObject } from "./json-object.ts";
import type { DocumentedIssuer, DocumentedSecurity, OpenApiVersion } from "./types.ts";

/** Ways to show who one is, by their component names: any one of them will do. */
export type SecuritySchemes = Readonly<Record<string, JsonObject>>;

/** The security schemes of a server. Sources: OpenAPI 3.1.0 and 3.0.3, "Security Scheme Object". */
export function securitySchemes(security: DocumentedSecurity, version: OpenApiVersion): SecuritySchemes {
  const { issuers, apiKeys, hasPasswords, hasCertificates } = security;
  return {
    ...Object.fromEntries(issuers.map((issuer, at) => [`OpenId${at === 0 ? "" : at + 1}`, issuerScheme(issuer)])),
    ...(apiKeys === null ? {} : { ApiKey: keyScheme(apiKeys.header) }),
    ...(hasPasswords ? { Password: { type: "http", scheme: "basic" } } : {}),
    // 3.0 has no word for it; the operations tell of it in words.
    ...(hasCertificates && version === "3.1" ? { ClientCertificate: CERTIFICATE_SCHEME } : {}),
  };
}

const CERTIFICATE_SCHEME: JsonObject = {
  type: "mutualTLS",
  description: "A certificate of an authority that the server trusts.",
};

function keyScheme(header: string): JsonObject {
  return {
    type: "apiKey",
    in: "header",
    name: header,
    description: "`Authorization: ApiKey …` is taken as well.",
  };
}

function issuerScheme({ issuer, audiences, discoveryUrl, signIn }: DocumentedIssuer): JsonObject {
  const description = `An access token of ${issuer} for ${audiences.join(" or ")}.`;
  if (signIn !== undefined) {
    const { authorizationUrl, tokenUrl, scopes } = signIn;
    const flow = { authorizationUrl, tokenUrl, scopes: Object.fromEntries(scopes.map((scope) => [scope, ""])) };
    return { type: "oauth2", description, flows: { authorizationCode: flow } };
  }
  return discoveryUrl === undefined
    ? { type: "http", scheme: "bearer", bearerFormat: "JWT", description }
    : { type: "openIdConnect", openIdConnectUrl: discoveryUrl, description };
}
