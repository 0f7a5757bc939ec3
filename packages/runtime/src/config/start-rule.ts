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
 * A loopback address may be open, with a warning. Any other needs `security.allowAnonymous` and `security.allowInsecureConnections`, as there
 * is neither an authenticator nor TLS that could stand in for them. The admin port is exempt. Throws FAILED_PRECONDITION that names both keys.
 * Source: security.md A1.1.
 */
export function assertMayBind(config: Config): string | undefined {
  const { host, port } = config.server;
  const { security } = config;
  if (isLoopback(host))
    return security.allowAnonymous ? undefined : `${urlOf(host, port)} is open to everybody on this machine`;
  const missing = CONSENTS.filter(({ key }) => !security[key]);
  if (missing.length === 0) return undefined;
  const consents = CONSENTS.map(({ key, means }) => `security.${key}: true (${means})`).join(" and ");
  throw new ServingError(
    "FAILED_PRECONDITION",
    `server.host ${host} is reached by other machines, which needs ${consents}; missing: ${missing.map(({ key }) => `security.${key}`).join(", ")}`,
    {
      problems: missing.map(({ key, means }) => ({
        path: `security.${key}`,
        message: `expected true, got false: ${means}`,
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
  { key: "allowAnonymous", means: "callers without credentials are served, since no authenticator is configured" },
  { key: "allowInsecureConnections", means: "calls travel unencrypted, since no TLS is configured" },
] as const;

function urlOf(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
