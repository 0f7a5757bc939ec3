import { type Authenticate, challengesOf, createAuthenticate, type FailedAttempts } from "../../auth/authenticate.ts";
import { type Authorizer, createAuthorizer } from "../../auth/authorize.ts";
import type { KeyAuthenticator } from "../../auth/api-keys/create-key-authenticator.ts";
import type { BasicAuthenticator } from "../../auth/basic/create-basic-authenticator.ts";
import { isKey } from "../../auth/api-keys/find-key.ts";
import { watchFile } from "../../auth/files/watched-file.ts";
import type { OidcAuthenticator } from "../../auth/oidc/create-oidc-authenticator.ts";
import { issuerPrefixes } from "../../auth/oidc/issuer-prefixes.ts";
import type { FetchDocument } from "../../auth/oidc/fetch-document.ts";
import type { TokenStep } from "../../auth/oidc/token-steps.ts";
import { createPolicy, type Policy } from "../../auth/rules/policy.ts";
import { SYSTEM_CLOCK } from "../../auth/system-clock.ts";
import type { Authenticator } from "../../auth/types.ts";
import type { AuthMethod } from "../../call/types.ts";
import type { Config } from "../../config/types.ts";
import type { Access } from "../../definition/access/types.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import type { Problem } from "../../errors.ts";
import type { Reloadable, SecurityEvents } from "./security-events.ts";

export interface AccessParts {
  readonly config: Config;
  readonly definition: ServiceDefinition;
  readonly events: SecurityEvents;
  /** How keys of issuers are fetched; over the network unless given. */
  readonly fetch?: FetchDocument | undefined;
  readonly failedAttempts: FailedAttempts | undefined;
  /** Told of each step that a token has passed. */
  readonly onTokenStep?: (step: TokenStep) => void;
}

/** Who may call what: everything that lives for it in one process. */
export interface OpenAccess {
  readonly authenticate: Authenticate;
  readonly authorizer: Authorizer;
  readonly policy: Policy;
  /** How callers may show who they are. */
  readonly ways: readonly AuthMethod[];
  /** Whether callers without any credential are served. */
  readonly servesAnonymous: boolean;
  /** Settles after the first look for the keys of issuers; never rejects. */
  readonly firstLook: Promise<void>;
  /** Why calls can't be authenticated yet, undefined when they can. */
  trouble(): string | undefined;
  /** Looks for the keys of issuers now. */
  lookForKeys(): void;
  close(): void;
}

/** Opens all that decides who may call what. Throws what `assertSecure` would have found. */
export async function openAccess(parts: AccessParts): Promise<OpenAccess> {
  const { config, definition } = parts;
  const { security } = config;
  const oidc = await openOidc(parts);
  const files = [await openKeys(parts), await openBasic(parts)].filter((way) => way !== undefined);
  const certificates = await openCertificates(config);
  const ways = [oidc, ...files, certificates].filter((way) => way !== undefined);
  const rules = await openRules(parts);
  const policy = createPolicy({
    apis: definition.apis,
    platform: security.authorization.functions,
    replacements: rules.value,
    defaultAuthorization: security.defaultAuthorization,
    letsAuthorsOpen: security.authorOverridable.includes("public"),
  });
  const common = {
    // Without a way of authentication the start rule has decided that the server may be open.
    allowAnonymous: security.allowAnonymous || ways.length === 0,
    challenges: challengesOf(ways),
  };
  return {
    policy,
    ways: ways.map(({ method }) => method),
    servesAnonymous: common.allowAnonymous,
    firstLook: oidc?.firstLook ?? Promise.resolve(),
    authenticate: createAuthenticate({
      ...common,
      authenticators: ways,
      hasPublicFunctions: policy.hasPublic,
      failedAttempts: parts.failedAttempts,
    }),
    authorizer: createAuthorizer({ ...common, policy, apis: definition.apis.map(({ name }) => name) }),
    trouble: () => (oidc === undefined || oidc.isReady() ? undefined : "the keys of an issuer were not loaded yet"),
    lookForKeys: () => oidc?.lookForKeys(),
    close: () => {
      for (const opened of [oidc, ...files, rules]) opened?.close();
    },
  };
}

/** What reads and verifies tokens is loaded where issuers are configured only: most of a small server's start is loading code. */
async function openOidc({ config, events, fetch, onTokenStep }: AccessParts): Promise<OidcAuthenticator | undefined> {
  const { issuers, apiKeys } = config.security;
  if (issuers.length === 0) return undefined;
  const [{ createOidcAuthenticator }, { resolveIssuers }] = await Promise.all([
    import("../../auth/oidc/create-oidc-authenticator.ts"),
    import("../../auth/oidc/resolve-issuers.ts"),
  ]);
  return createOidcAuthenticator({
    issuers: resolveIssuers(issuers),
    onKeyEvent: (event) => {
      if (event.kind === "failed") return events.keysFailed(event.issuer, event.cause, event.retryInMs);
      const { issuer, set, gone } = event;
      events.keysLoaded(issuer, { keys: set.keys.length, unusable: set.unusable, gone: gone.length });
    },
    // Else a key that comes as bearer token would be two credentials.
    ...(apiKeys?.asBearer === true ? { leaves: isKey } : {}),
    ...(fetch === undefined ? {} : { fetch }),
    ...(onTokenStep === undefined ? {} : { onStep: onTokenStep }),
  });
}

async function openKeys({ config, events }: AccessParts): Promise<KeyAuthenticator | undefined> {
  const { apiKeys } = config.security;
  if (apiKeys === null) return undefined;
  const { createKeyAuthenticator } = await import("../../auth/api-keys/create-key-authenticator.ts");
  return createKeyAuthenticator({ ...apiKeys, ...reloadsOf("api-keys", events) });
}

async function openBasic({ config, events }: AccessParts): Promise<BasicAuthenticator | undefined> {
  const { basic } = config.security;
  if (basic === null) return undefined;
  const { createBasicAuthenticator } = await import("../../auth/basic/create-basic-authenticator.ts");
  const onLinesLeftOut = (problems: readonly Problem[]): void => events.linesLeftOut("htpasswd", problems);
  return createBasicAuthenticator({ ...basic, ...reloadsOf("htpasswd", events), onLinesLeftOut });
}

async function openCertificates({ server: { tls } }: Config): Promise<Authenticator | undefined> {
  if (tls === null || tls.clientAuth === "off") return undefined;
  const { createClientCertAuthenticator } = await import("../../auth/client-cert/create-client-cert-authenticator.ts");
  return createClientCertAuthenticator({ cnFallback: tls.cnFallback, clock: SYSTEM_CLOCK });
}

function reloadsOf(what: Reloadable, events: SecurityEvents): { onFault(error: unknown): void; onChange(): void } {
  return { onFault: (error) => events.reloaded(what, error), onChange: () => events.reloaded(what, undefined) };
}

const NO_RULES: Readonly<Record<string, Access>> = Object.freeze({});

async function openRules({
  config,
  definition,
  events,
}: AccessParts): Promise<{ readonly value: () => Readonly<Record<string, Access>>; close(): void }> {
  const { authorization, issuers } = config.security;
  const path = authorization.rulesFile;
  if (path === null) return { value: () => NO_RULES, close: () => undefined };
  const facts = { apis: definition.apis.map(({ name }) => name), issuerPrefixes: issuerPrefixes(issuers) };
  const { readRulesFile } = await import("./rules-file.ts");
  return watchFile({
    path,
    read: (text) => readRulesFile(text, facts),
    ...reloadsOf("rules", events),
  });
}
