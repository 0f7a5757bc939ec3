import { isLoopback } from "../../../config/start-rule.ts";
import type { Config } from "../../../config/types.ts";
import { type Finding, warning } from "./finding.ts";

/** What the configuration allows or leaves out on purpose, and should be known. */
export function settingFindings(config: Config): readonly Finding[] {
  return ROWS.flatMap(({ key, when, message }) => (when(config) ? [warning(key, message(config))] : []));
}

interface Row {
  readonly key: string;
  readonly when: (config: Config) => boolean;
  readonly message: (config: Config) => string;
}

const ROWS: readonly Row[] = [
  {
    key: "security.allowAnonymous",
    when: ({ security }) => security.allowAnonymous,
    message: () => "callers without credentials are served",
  },
  {
    key: "security.allowInsecureConnections",
    when: ({ security, server }) => security.allowInsecureConnections && server.tls === null,
    message: () =>
      "calls, credentials among them, travel unencrypted to the server: only a proxy beside it may reach it",
  },
  {
    key: "security.public",
    when: ({ security }) => security.public.length > 0,
    message: ({ security }) => `shown to everybody: ${security.public.join(", ")}`,
  },
  {
    key: "security.basic.allowWeakHashes",
    when: ({ security }) => security.basic?.allowWeakHashes === true,
    message: () => "MD5 and SHA-1 hashes are taken: who gets hold of the file tries billions of passwords a second",
  },
  {
    key: "security.failedAuthentications",
    when: ({ security }) => security.failedAuthentications === null && waysOf(security) > 0,
    message: () => "an address may try as many credentials as it likes",
  },
  {
    key: "security.rateLimits",
    when: ({ security }) => security.rateLimits.length === 0,
    message: () => "no caller is held to a rate",
  },
  {
    key: "security.audit",
    when: ({ security: { audit } }) => audit.sink === null && audit.webhook === null,
    message: () => "nothing writes down who called what",
  },
  {
    key: "server.trustedProxies",
    when: ({ server }) => server.trustedProxies.some((cidr) => cidr.endsWith("/0")),
    message: () => "every address is trusted as a proxy: callers choose the address that filters and limits see",
  },
  {
    key: "server.cors.origins",
    when: ({ server }) => server.cors.origins.includes("*"),
    message: () => "pages of every site may call",
  },
  {
    key: "server.tls.profile",
    when: ({ server }) => server.tls?.profile === "compat",
    message: () => "suites without forward secrecy are taken",
  },
  {
    key: "server.admin.host",
    when: ({ server }) => !isLoopback(server.admin.host),
    message: ({ server }) =>
      `metrics and readiness on port ${server.admin.port} are shown to whoever reaches it: keep it inside the cluster`,
  },
];

function waysOf({ issuers, apiKeys, basic }: Config["security"]): number {
  return issuers.length + (apiKeys === null ? 0 : 1) + (basic === null ? 0 : 1);
}
