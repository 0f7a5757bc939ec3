import type { CommandRow } from "../command.ts";
import { EXIT } from "../command-error.ts";
import { examinationLines } from "../doctor/examination-lines.ts";
import { examineTarget } from "../doctor/examine-target.ts";
import { report } from "../output.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

interface Flags {
  readonly config?: string;
  readonly json?: boolean;
}

/** `bento-ts doctor`: what a server would show to whom, and what would fail in production. */
export const doctor: CommandRow = {
  name: "doctor",
  summary: "list every route with who may call it, and what would fail in production",
  examples: [
    ["bento-ts doctor --config platform.yaml", "the project in this folder by the platform's configuration"],
    ["bento-ts doctor --json | jq -r '.access.routes[] | select(.policy == \"public\") | .path'", "what is open"],
  ],
  define(command) {
    command
      .argument(
        "[TARGET]",
        "service file, project folder, bento or model files; the project in this folder when it is left out",
      )
      .option("--config <file>", "configuration of the platform (YAML), above the project's bento.yaml")
      .option("--json", "print everything as JSON")
      .action(run);
  },
};

async function run(given: string | undefined, { config, json = false }: Flags): Promise<void> {
  sendConsoleToStderr();
  const told = await examineTarget(given, { configFile: config });
  report(told, { json, human: examinationLines });
  process.exitCode = told.findings.some(({ level }) => level === "problem") ? EXIT.failed : EXIT.done;
}
