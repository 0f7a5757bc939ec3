import type { CommandRow } from "../command.ts";
import { EXIT, wrongUsage } from "../command-error.ts";
import { checkLines } from "../doctor/check-lines.ts";
import { checkUrl, type UrlOrder } from "../doctor/check-url.ts";
import { examinationLines } from "../doctor/examination-lines.ts";
import { examineTarget } from "../doctor/examine-target.ts";
import { report } from "../output.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

interface Flags {
  readonly config?: string;
  readonly url?: string;
  readonly grpc?: string;
  readonly ca?: string;
  readonly json?: boolean;
}

/** `bento-ts doctor`: what a server would show to whom, and what would fail in production. */
export const doctor: CommandRow = {
  name: "doctor",
  summary: "list every route with who may call it, and what would fail in production",
  examples: [
    ["bento-ts doctor --config platform.yaml", "the project in this folder by the platform's configuration"],
    ["bento-ts doctor --json | jq -r '.access.routes[] | select(.policy == \"public\") | .path'", "what is open"],
    [
      "bento-ts doctor --url https://models.example.com --grpc models.example.com:3001",
      "a running server, from outside",
    ],
  ],
  define(command) {
    command
      .argument(
        "[TARGET]",
        "service file, project folder, bento or model files; the project in this folder when it is left out",
      )
      .option("--config <file>", "configuration of the platform (YAML), above the project's bento.yaml")
      .option("--url <url>", "check a running server from outside, without a credential: network, certificate, routes")
      .option("--grpc <address>", "host:port of its gRPC, secured as --url is")
      .option("--ca <file>", "authorities to trust in place of the known ones (PEM)")
      .option("--json", "print everything as JSON")
      .action(run);
  },
};

async function run(
  target: string | undefined,
  { config: configFile, url, grpc, ca, json = false }: Flags,
): Promise<void> {
  sendConsoleToStderr();
  if (url === undefined && (grpc ?? ca) !== undefined)
    throw wrongUsage("--grpc and --ca are for a running server: --url");
  const levels = await (url === undefined
    ? examine(target, { configFile, json })
    : check({ url, grpc, caFile: ca, target, configFile }, json));
  process.exitCode = levels.includes("problem") ? EXIT.failed : EXIT.done;
}

async function examine(
  target: string | undefined,
  { configFile, json }: { readonly configFile: string | undefined; readonly json: boolean },
): Promise<readonly string[]> {
  const told = await examineTarget(target, { configFile });
  report(told, { json, human: examinationLines });
  return told.findings.map(({ level }) => level);
}

async function check(order: UrlOrder, json: boolean): Promise<readonly string[]> {
  const checks = await checkUrl(order);
  report(checks, { json, human: checkLines });
  return checks.map(({ level }) => level);
}
