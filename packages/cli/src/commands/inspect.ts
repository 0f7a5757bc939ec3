import type { CommandRow } from "../command.ts";
import { inspectionLines } from "../inspect/inspection-lines.ts";
import { inspectTarget } from "../inspect/inspect-target.ts";
import { report } from "../output.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

/** `bento-ts inspect`: tells what a model or a service is, without loading an engine or constructing a class. */
export const inspect: CommandRow = {
  name: "inspect",
  summary: "tell inputs, outputs, APIs, schemas and digests of a model, service or bento",
  examples: [
    ["bento-ts inspect model.onnx", "inputs, outputs, operator sets, digest, and what can't be served"],
    ["bento-ts inspect fraud:1.0.0", "the same of a model in the store"],
    ["bento-ts inspect service.ts --json | jq .digest", "the digest of a service's definition"],
  ],
  define(command) {
    command
      .argument("<TARGET>", "model file, folder of models, store tag, service file, project folder or bento")
      .option("--json", "print everything as JSON")
      .action(run);
  },
};

async function run(given: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  sendConsoleToStderr();
  report(await inspectTarget(given), { json, human: inspectionLines });
}
