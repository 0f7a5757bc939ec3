import type { Command } from "commander";
import type { CommandRow } from "../command.ts";
import { print } from "../output.ts";
import { keepCompiledCode } from "../serve/compile-cache.ts";
import { configuredModels } from "../serve/configured-models.ts";
import { addConfigFlags, configFlagsOf } from "../serve/config-flags.ts";
import { withDevIdp } from "../serve/dev-idp.ts";
import { prepareDevTls, withDevTls } from "../serve/dev-tls.ts";
import { endWithParent, tellParent } from "../serve/own-process.ts";
import { prepareServer } from "../serve/prepare-server.ts";
import { describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";
import { loadEarlyWorkerOf } from "../target/load-runtime.ts";

interface Flags {
  readonly config?: string;
  readonly watch?: boolean;
  readonly devIdp?: boolean;
  readonly devIdpPort: string;
  readonly devTls?: boolean;
}

/** `bento-ts serve`: starts a server and keeps it until it is told to stop. */
export const serve: CommandRow = {
  name: "serve",
  summary: "serve a service file, a project folder, a bento or .onnx files",
  examples: [
    ["bento-ts serve", "the project in this folder"],
    ["bento-ts serve service.ts --watch", "one service, started anew after each change"],
    ["bento-ts serve --dev-idp", 'asks for tokens, which "bento-ts token" makes'],
    ["bento-ts serve --dev-tls", "HTTPS with a certificate for this machine"],
    ["bento-ts serve model.onnx --port 8080", "a model without any code: POST /predict"],
    ["bento-ts serve models/", "every model of a folder, each under its own name; 1/, 2/ are versions of one"],
  ],
  define(command) {
    command.argument("[TARGET]", "what to serve; the project in this folder when it is left out");
    addConfigFlags(command);
    command
      .option("--config <file>", "configuration of the platform (YAML), above the project's bento.yaml")
      .option("--dev-idp", "take tokens of an issuer on this machine, as bento-ts token signs them")
      .option("--dev-idp-port <port>", "port of that issuer, 0 for a free one", "0")
      .option("--dev-tls", "secure connections with a certificate for localhost, of an authority made for it")
      .option("--watch", "start anew when a file of the project changes")
      .action(run);
  },
};

async function run(given: string | undefined, flags: Flags, command: Command): Promise<void> {
  const configured = { flags: configFlagsOf(command), configFile: flags.config };
  const { modelDir, modelName } = await configuredModels(configured);
  const target = await findTarget(given, { configFile: flags.config, modelDir });
  if (flags.watch === true) {
    const { serveAndWatch } = await import("../serve/watch.ts");
    return serveAndWatch(target, { configFile: flags.config });
  }
  endWithParent();
  keepCompiledCode();
  // Before the service is described: both processes take about as long.
  const earlyWorker = (await loadEarlyWorkerOf(target))?.startEarlyWorker();
  let closeDevIdp: (() => Promise<void>) | undefined;
  try {
    const described = await describeService(target, { modelName });
    const devTls = flags.devTls === true ? await prepareDevTls() : undefined;
    const plain = await prepareServer(described, {
      ...configured,
      ...(devTls === undefined ? {} : { env: devTls.env }),
    });
    const prepared = devTls === undefined ? plain : withDevTls(plain, devTls);
    const devIdp =
      flags.devIdp === true ? await withDevIdp(prepared, { ...described, port: flags.devIdpPort }) : undefined;
    closeDevIdp = devIdp?.close;
    const { options } = devIdp ?? { options: prepared };
    const closed = described.server.nobodyMayCall(options.config, described.definition);
    const warnings = [...(options.warnings ?? []), ...(closed === undefined ? [] : [closed])];
    const server = await described.server.startServer({ ...options, warnings, earlyWorker });
    tellParent({ url: server.url });
    if (process.stdout.isTTY) {
      const { bannerLines } = await import("../serve/banner.ts");
      print(
        ...bannerLines({
          ...described,
          config: options.config,
          server,
          hasDevIdp: devIdp !== undefined,
          caFile: devTls?.pair.caFile,
        }),
      );
    }
    process.exitCode = await described.server.runUntilStopped(server);
  } finally {
    earlyWorker?.discard();
    await closeDevIdp?.();
  }
}
