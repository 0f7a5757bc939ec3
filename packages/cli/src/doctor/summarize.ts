import { isIPv6 } from "node:net";
import type { Config } from "@bento-ts/runtime/config";
import type { ServerPlan } from "@bento-ts/runtime/server";

/** What a server is, as its owner has to know it. No secret is in it. */
export interface ServerSummary {
  readonly service: string;
  readonly version: string;
  readonly addresses: { readonly rest: string; readonly grpc: string; readonly admin: string };
  /** How callers show who they are, each by its key. */
  readonly authentication: readonly { readonly key: string; readonly way: string; readonly detail: string }[];
  /** Null where connections are not secured. */
  readonly tls: Readonly<Record<string, unknown>> | null;
  /** Sizes in bytes, durations in milliseconds. */
  readonly limits: Readonly<Record<string, unknown>>;
}

/** Gives what a server's configuration says of its addresses, callers, connections and limits. */
export function summarize({ config, definition }: Pick<ServerPlan, "config" | "definition">): ServerSummary {
  const { server, security } = config;
  const scheme = server.tls === null ? "http" : "https";
  const at = (host: string, port: number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return {
    service: definition.name,
    version: definition.version,
    addresses: {
      rest: `${scheme}://${at(server.host, server.port)}${server.basePath}`,
      grpc: at(server.host, server.grpcPort),
      admin: `http://${at(server.admin.host, server.admin.port)}`,
    },
    authentication: waysOf(config),
    tls: server.tls === null ? null : { ...server.tls },
    limits: {
      ...server.limits,
      requestTimeoutMs: server.requestTimeoutMs,
      maxConnectionAgeMs: server.maxConnectionAgeMs,
      failedAuthentications: security.failedAuthentications,
      rateLimits: security.rateLimits,
      ipFilter: security.ipFilter,
    },
  };
}

function waysOf({ server, security }: Config): ServerSummary["authentication"] {
  const { issuers, apiKeys, basic, edgeHeader, allowAnonymous } = security;
  return [
    ...issuers.map(({ issuer, audiences }, at) => ({
      key: `security.oidc.issuers[${at}]`,
      way: "oidc",
      detail: `tokens of ${issuer} for ${audiences.join(", ")}`,
    })),
    ...(apiKeys === null
      ? []
      : [{ key: "security.apiKeys", way: "apikey", detail: `keys in ${apiKeys.file}, header ${apiKeys.header}` }]),
    ...(basic === null
      ? []
      : [{ key: "security.basic", way: "basic", detail: `passwords in ${basic.htpasswdFile ?? basic.secretDir}` }]),
    ...(server.tls === null || server.tls.clientAuth === "off"
      ? []
      : [{ key: "server.tls.clientAuth", way: "mtls", detail: `client certificates: ${server.tls.clientAuth}` }]),
    ...(edgeHeader === null
      ? []
      : [{ key: "security.edgeHeader", way: "edge", detail: `every request has to bring ${edgeHeader.name}` }]),
    ...(allowAnonymous
      ? [{ key: "security.allowAnonymous", way: "anonymous", detail: "callers without credentials are served" }]
      : []),
  ];
}
