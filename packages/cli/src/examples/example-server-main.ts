// A process of its own: what the author's code prints stays out of the command's own output.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertParameters, type Config, loadConfig } from "@bento-ts/runtime/config";
import { endProcess } from "../process-end.ts";
import { reportFailure } from "../report-failure.ts";
import { refuse } from "../serve/refuse.ts";
import { endWithParent, tellParent } from "../serve/own-process.ts";
import { describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";
import { loadEarlyWorkerOf } from "../target/load-runtime.ts";
import { hasRules, OPEN_RULES } from "./open-rules.ts";

/** Free ports of this machine alone. */
const FLAGS = { host: "127.0.0.1", port: "0", "admin-host": "127.0.0.1", "admin-port": "0" };

const [, , given, manner] = process.argv;
process.exitCode = await serveExamples(given, { asConfigured: manner === "as-configured" }).catch(reportFailure);
// The channel to the command that started it would keep it.
endProcess();

/** Serves a target for its golden examples until it is told to stop; gives the exit code. */
async function serveExamples(
  target: string | undefined,
  { asConfigured }: { readonly asConfigured: boolean },
): Promise<number> {
  endWithParent();
  const found = await findTarget(target);
  const earlyWorker = (await loadEarlyWorkerOf(found))?.startEarlyWorker();
  let rulesDir: string | undefined;
  try {
    const described = await describeService(found);
    const { definition, projectDir } = described;
    const inputs = { flags: { ...FLAGS, ...(asConfigured ? {} : { workers: "1" }) }, env: process.env };
    const { config } = await loadConfig({ ...inputs, projectDir, serviceConfig: definition.config });
    await refuse(() => assertParameters(definition, config.parameters));
    const { config: plain } = await loadConfig(inputs);
    let rulesFile: string | null = null;
    if (hasRules(definition)) {
      rulesDir = await mkdtemp(join(tmpdir(), "bento-examples-"));
      rulesFile = join(rulesDir, "rules.json");
      await writeFile(rulesFile, OPEN_RULES);
    }
    const opened = openToThisMachine(config, {
      security: plain.security,
      rulesFile,
      // What is tested is sent over the native protocol; an API may be called as a route of another one.
      protocols: asConfigured ? config.server.protocols : { native: true, v2: false, kserveV1: false, seldon: false },
    });
    const server = await described.server.startServer({ ...described, config: opened, earlyWorker });
    tellParent({ url: server.url, grpcAddress: server.grpcAddress, adminUrl: server.adminUrl });
    return await described.server.runUntilStopped(server);
  } finally {
    earlyWorker?.discard();
    if (rulesDir !== undefined) await rm(rulesDir, { recursive: true, force: true });
  }
}

/** Golden examples tell of values, not of callers: credentials, certificates and limits of the place where a service will run are not here. */
function openToThisMachine(
  config: Config,
  {
    security,
    rulesFile,
    protocols,
  }: {
    readonly security: Config["security"];
    readonly rulesFile: string | null;
    readonly protocols: Config["server"]["protocols"];
  },
): Config {
  const { server } = config;
  return {
    ...config,
    security: { ...security, authorization: { functions: {}, rulesFile } },
    server: {
      ...server,
      tls: null,
      drainDelayMs: 0,
      // All callers are this machine.
      limits: { ...server.limits, connectionsPerIp: server.limits.connections },
      protocols,
    },
    telemetry: { logLevel: "error", logFormat: "json", traces: "off" },
    tracing: null,
  };
}
