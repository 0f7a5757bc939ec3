import { ANONYMOUS } from "../../auth/authenticate.ts";
import { createPolicy } from "../../auth/rules/policy.ts";
import type { Config } from "../../config/types.ts";
import type { ServiceDefinition } from "../../definition/types.ts";

/** A line for the log where functions have rules and the server has no way of knowing callers, so that nobody may call them; undefined elsewhere. */
export function nobodyMayCall({ security, server }: Config, { apis }: ServiceDefinition): string | undefined {
  const { issuers, apiKeys, basic, authorization, authorOverridable, defaultAuthorization } = security;
  const knowsCertificates = server.tls !== null && server.tls.clientAuth !== "off";
  if (issuers.length > 0 || apiKeys !== null || basic !== null || knowsCertificates) return undefined;
  const policy = createPolicy({
    apis,
    platform: authorization.functions,
    replacements: () => ({}),
    defaultAuthorization,
    letsAuthorsOpen: authorOverridable.includes("public"),
  });
  const closed = apis.map(({ name }) => name).filter((name) => !policy.decide(name, ANONYMOUS).allowed);
  if (closed.length === 0) return undefined;
  return `nobody may call ${closed.join(", ")}: the rules ask who calls, and there is no way of knowing; configure one (security.oidc.issuers, security.apiKeys, security.basic), or try the rules with "bento-ts serve --dev-idp"`;
}
