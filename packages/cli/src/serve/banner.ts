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
}): readonly string[] {
  const { definition, baseDir, config, server } = started;
  const paint = createPaint(process.stdout);
  const folder = relative(process.cwd(), baseDir);
  const apis = definition.apis.flatMap((api) => [
    `  ${paint.bold(`POST ${server.url}/${api.name}`)}${api.summary === "" ? "" : `  ${printable(api.summary)}`}`,
    `    ${paint.cyan(printable(sampleCall(api, { url: server.url, folder })))}`,
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

/** No authenticator exists yet, so whoever reaches the port may call. */
function whoCanCall({ server }: Config): string {
  const reach = isLoopback(server.host) ? "on this machine" : `who reaches ${server.host}:${server.port}`;
  return `open to everybody ${reach}`;
}
