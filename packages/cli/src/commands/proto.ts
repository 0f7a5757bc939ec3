import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { CommandRow } from "../command.ts";
import { print } from "../output.ts";
import { checkRecord, type RecordState, writeRecord } from "../proto/record-changes.ts";
import { describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

interface Flags {
  readonly output?: string;
  readonly check?: boolean;
}

/** `bento-ts proto`: writes the `.proto` of a service, and the numbers of its fields into its project. */
export const proto: CommandRow = {
  name: "proto",
  summary: "write the .proto of a service, for clients over gRPC",
  examples: [
    ["bento-ts proto > service.proto", "of the project in this folder; bento.proto.json keeps its numbers"],
    ["bento-ts proto -o clients/boston.proto", "into a file"],
    ["bento-ts proto --check", "in CI: ends with 1 when clients made before don't understand the service"],
  ],
  define(command) {
    command
      .argument("[TARGET]", "what would be served; the project in this folder when it is left out")
      .option("-o, --output <file>", "write a file instead of standard output")
      .option("--check", "write nothing, compare with bento.proto.json")
      .action(run);
  },
};

async function run(given: string | undefined, { output, check = false }: Flags): Promise<void> {
  sendConsoleToStderr();
  const { planProto, printProto, printProtoRecord, PROTO_RECORD_FILE, protoChanges, toProtoRecord } =
    await import("@bento-ts/runtime/proto");
  const target = await findTarget(given);
  const { definition, projectDir, protoRecord: record } = await describeService(target);
  const plan = planProto(definition, record);
  const state: RecordState = {
    file: relative(process.cwd(), join(projectDir, PROTO_RECORD_FILE)),
    changes: record === undefined ? undefined : protoChanges(plan, record),
    before: record === undefined ? undefined : printProtoRecord(record),
    next: printProtoRecord(toProtoRecord(plan, record)),
  };
  if (check) return checkRecord(state);
  const text = printProto(plan);
  if (output === undefined) print(text.trimEnd());
  else await writeFile(output, text);
  // A bento is as it was built, and what model files hold is not the project's to number.
  if (target.kind === "module") await writeRecord(state);
}
