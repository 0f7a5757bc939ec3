import { discoveryUrlOf } from "../../auth/oidc/discovery-url.ts";
import type { Config } from "../../config/types.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import type { DocumentedSecurity } from "../../protocols/openapi/types.ts";

/**
 * What a server's documents tell of its security.
 *
 * The author's rules are told to readers who have shown who they are, never where everybody reads the documentation: rules name people and teams. They are not told either
 * where a file may stand in their place, since then they may not be the ones in force; of that file, and of the platform's rules, nothing is told at all.
 */
export function documentedSecurity(
  { security, server }: Pick<Config, "security" | "server">,
  definition: Pick<ServiceDefinition, "apis">,
): DocumentedSecurity {
  const { issuers, apiKeys, basic, authorization, allowAnonymous } = security;
  const { functions, rulesFile } = authorization;
  const letsAuthorsOpen = security.authorOverridable.includes("public") && rulesFile === null;
  const isOpen = (name: string): boolean => !Object.hasOwn(functions, "*") && !Object.hasOwn(functions, name);
  const hasCertificates = server.tls !== null && server.tls.clientAuth !== "off";
  const isAsking = issuers.length > 0 || apiKeys !== null || basic !== null || hasCertificates;
  return {
    issuers: issuers.map((entry) => ({
      issuer: entry.issuer,
      audiences: entry.audiences,
      discoveryUrl: discoveryUrlOf(entry),
    })),
    apiKeys: apiKeys === null ? null : { header: apiKeys.header },
    hasPasswords: basic !== null,
    hasCertificates,
    allowAnonymous,
    publicApis: definition.apis
      .filter(({ name, authorize }) => letsAuthorsOpen && authorize === "public" && isOpen(name))
      .map(({ name }) => name),
    showsRules: rulesFile === null && !security.public.includes("docs"),
    limitsRates: security.rateLimits.length > 0 || (isAsking && security.failedAuthentications !== null),
  };
}
