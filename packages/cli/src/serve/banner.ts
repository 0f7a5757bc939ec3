import { relative } from "node:path";
import { type Config, isLoopback } from "@bento-ts/runtime/config";
import type { ServiceDefinition } from "@bento-ts/runtime/definition";
import type { RunningServer } from "@bento-ts/runtime/server";
import { createPaint, printable } from "../output.ts";
import { sampleCall } from "./sample-call.ts";

/** What a person who started a server wants to know: its APIs, each with a call to try, where its pages are and who can reach it. */
export function bannerLines(started: {
  readonly definition: ServiceDefinition;
  readonly baseDir: string;
  readonly config: Config;
  readonly server: Pick<RunningServer, "url" | "grpcAddress" | "adminUrl">;
  /** Whether "bento-ts token" makes tokens that it takes. */
  readonly hasDevIdp: boolean;
  /** Authority that callers are to trust, where it is none that they know. */
  readonly caFile?: string | undefined;
}): readonly string[] {
  const { definition, baseDir, config, server, hasDevIdp, caFile } = started;
  const paint = createPaint(process.stdout);
  const folder = relative(process.cwd(), baseDir);
  const apis = definition.apis.flatMap((api) => [
    `  ${paint.bold(`POST ${server.url}/${api.name}`)}${api.summary === "" ? "" : `  ${printable(api.summary)}`}`,
    `    ${paint.cyan(printable(withToken(sampleCall(api, { url: server.url, folder, caFile }), hasDevIdp)))}`,
  ]);
  return [
    "",
    `${paint.bold(definition.name)} ${definition.version}`,
    "",
    ...apis,
    "",
    `  docs     ${server.url}/docs`,
    `  gRPC     ${server.grpcAddress}`,
    `  metrics  ${server.adminUrl}/metrics`,
    `  ${paint.yellow(whoCanCall(config))}`,
    `  ${paint.dim("Ctrl-C finishes what runs and stops; once more stops at once")}`,
    "",
  ];
}

function withToken(call: string, hasDevIdp: boolean): string {
  return hasDevIdp ? call.replace("curl ", 'curl -H "authorization: Bearer $(npx bento-ts token)" ') : call;
}

/** Who is let in, by the ways of authentication that are configured. */
function whoCanCall({ server, security }: Config): string {
  const ways = [
    security.issuers.length > 0
      ? `tokens of ${printable(security.issuers.map(({ issuer }) => issuer).join(", "))}`
      : "",
    security.apiKeys === null ? "" : "API keys",
    security.basic === null ? "" : "passwords",
    server.tls?.clientAuth === "require" ? "client certificates" : "",
  ].filter((way) => way !== "");
  const reach = isLoopback(server.host) ? "on this machine" : `who reaches ${server.host}:${server.port}`;
  if (ways.length === 0) return `open to everybody ${reach}`;
  return `takes ${ways.join("; ")}${security.allowAnonymous ? `, and is open to everybody ${reach}` : ""}`;
}
