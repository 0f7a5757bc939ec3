import { writeFile } from "node:fs/promises";
import { Option } from "commander";
import type { OpenApiVersion } from "@bento-ts/runtime/openapi";
import type { CommandRow } from "../command.ts";
import { print } from "../output.ts";
import { refuse } from "../serve/refuse.ts";
import { describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

interface Flags {
  readonly version: OpenApiVersion;
  readonly output?: string;
}

/** `bento-ts openapi`: writes the OpenAPI document of a service that need not run. */
export const openapi: CommandRow = {
  name: "openapi",
  summary: "write the OpenAPI document of a service",
  examples: [
    ["bento-ts openapi > openapi.json", "of the project in this folder"],
    ["bento-ts openapi service.ts --version 3.0 -o gateway.json", "for an API gateway that reads 3.0"],
    ["bento-ts openapi model.onnx", "of a model served without code"],
  ],
  define(command) {
    command
      .argument("[TARGET]", "what would be served; the project in this folder when it is left out")
      .addOption(new Option("--version <version>", "of OpenAPI").choices(["3.1", "3.0"]).default("3.1"))
      .option("-o, --output <file>", "write a file instead of standard output")
      .action(run);
  },
};

async function run(given: string | undefined, { version, output }: Flags): Promise<void> {
  sendConsoleToStderr();
  const { openApiDocument } = await import("@bento-ts/runtime/openapi");
  const { loadConfig } = await import("@bento-ts/runtime/config");
  const { definition, projectDir, baseDir, server } = await describeService(await findTarget(given));
  const layers = { env: process.env, projectDir, serviceConfig: definition.config };
  const { config } = await refuse(() => loadConfig(layers));
  const { basePath } = config.server;
  const exampleFiles = await server.readExampleFiles(definition, baseDir);
  const security = server.documentedSecurity(config, definition);
  const document = openApiDocument(definition, { version, basePath, exampleFiles, security });
  const text = JSON.stringify(document, undefined, 2);
  if (output === undefined) print(text);
  else await writeFile(output, `${text}\n`);
}
