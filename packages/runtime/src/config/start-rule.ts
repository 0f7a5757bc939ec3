import { isIP, isIPv6 } from "node:net";
import { addressSet } from "../call/cidr.ts";
import { ServingError } from "../errors.ts";
import type { Config } from "./types.ts";

const LOOPBACK = addressSet([
  { family: "ipv4", address: "127.0.0.0", prefix: 8 },
  { family: "ipv6", address: "::1", prefix: 128 },
]);

/**
 * Keeps a server from opening to other machines by accident; gives the line that a start has to warn with, if there is one.
 *
 * A loopback address may be open, with a warning. Any other needs a way of authentication or `security.allowAnonymous`, and TLS or
 * `security.allowInsecureConnections`. The admin port is exempt. Throws FAILED_PRECONDITION that names the keys. Source: security.md A1.1.
 */
export function assertMayBind(config: Config): string | undefined {
  const { host } = config.server;
  const open = CONSENTS.filter(({ key, isMet }) => !config.security[key] && !isMet(config));
  if (isLoopback(host))
    return open.some(({ key }) => key === "allowAnonymous")
      ? `${urlOf(config.server)} is open to everybody on this machine`
      : undefined;
  if (open.length === 0) return undefined;
  const consents = CONSENTS.map(({ key, instead, means }) => `${instead} or security.${key}: true (${means})`);
  const missing = open.map(({ key }) => `security.${key}`);
  throw new ServingError(
    "FAILED_PRECONDITION",
    `server.host ${host} is reached by other machines, which needs ${consents.join(" and ")}; missing: ${missing.join(", ")}`,
    {
      problems: open.map(({ key, instead, means }) => ({
        path: `security.${key}`,
        message: `expected ${instead}, or true: ${means}`,
      })),
    },
  );
}

/** Whether only this machine reaches an address to listen on: 127.0.0.0/8, ::1, these inside IPv6, and the name localhost. */
export function isLoopback(host: string): boolean {
  // Of names only this one: where any other leads is decided elsewhere and may change after the check.
  return isIP(host) === 0 ? host.toLowerCase() === "localhost" : LOOPBACK.has(host);
}

const CONSENTS = [
  {
    key: "allowAnonymous",
    instead:
      "a way of authentication (security.oidc.issuers, security.apiKeys, security.basic, server.tls.clientAuth: require)",
    means: "callers without credentials are served",
    isMet: ({ security, server }: Config) =>
      security.issuers.length > 0 ||
      security.apiKeys !== null ||
      security.basic !== null ||
      server.tls?.clientAuth === "require",
  },
  {
    key: "allowInsecureConnections",
    instead: "TLS (server.tls)",
    means: "calls travel unencrypted, such as behind a proxy that ends TLS",
    isMet: ({ server }: Config) => server.tls !== null,
  },
] as const;

function urlOf({ host, port, tls }: Config["server"]): string {
  return `${tls === null ? "http" : "https"}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
