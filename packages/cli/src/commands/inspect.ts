import type { CommandRow } from "../command.ts";
import { inspectionLines } from "../inspect/inspection-lines.ts";
import { inspectTarget } from "../inspect/inspect-target.ts";
import { report } from "../output.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

/** `bento-ts inspect`: tells what a model or a service is, without loading an engine or constructing a class. */
export const inspect: CommandRow = {
  name: "inspect",
  summary: "tell inputs, outputs, APIs, schemas and digests of a model, service, bento or image",
  examples: [
    ["bento-ts inspect model.onnx", "inputs, outputs, operator sets, digest, and what can't be served"],
    ["bento-ts inspect fraud:1.0.0", "the same of a model in the store"],
    ["bento-ts inspect boston:1.4.0", "of an image of docker or podman: APIs, rules, models, layers, user"],
    ["bento-ts inspect boston.tar", "of an image in a file, or of an exported bento, without an engine"],
    ["bento-ts inspect service.ts --json | jq .digest", "the digest of a service's definition"],
  ],
  define(command) {
    command
      .argument(
        "<TARGET>",
        "a path: model file or folder, service file, project folder, bento, an exported bento or an image in a tar or OCI layout; else the tag of a stored bento, else of a stored model; else an image",
      )
      .option("--json", "print everything as JSON")
      .action(run);
  },
};

async function run(given: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  sendConsoleToStderr();
  report(await inspectTarget(given), { json, human: inspectionLines });
}
