import { resolve } from "node:path";
import type { CommandRow } from "../command.ts";
import { templateNames, writeTemplate } from "../init/write-template.ts";
import { report, shellWord } from "../output.ts";

interface Flags {
  readonly template: string;
  readonly json?: boolean;
}

/** `bento-ts init`: writes a project that passes its own tests. */
export const init: CommandRow = {
  name: "init",
  summary: "write a new project that passes its own tests",
  examples: [
    ["bento-ts init my-service", "a classifier of rows of a table, in a new folder"],
    ["bento-ts init my-digits --template tensorflow", "a reader of digits, with a TensorFlow SavedModel"],
    ["bento-ts init", "a classifier in this folder, which must be empty"],
  ],
  define(command) {
    command
      .argument("[dir]", "folder of the project; made when it does not exist", ".")
      .option("--template <name>", `one of: ${templateNames().join(", ")}`, "tabular")
      .option("--json", "print what was written as JSON")
      .action(run);
  },
};

async function run(given: string, { template, json = false }: Flags): Promise<void> {
  const dir = resolve(given);
  const written = await writeTemplate(template, dir);
  const isHere = dir === process.cwd();
  report(written, {
    json,
    human: ({ name, files }, paint) => [
      `${paint.green("wrote")} ${name}: ${files.length} files in ${isHere ? "this folder" : given}`,
      "",
      "Next:",
      ...(isHere ? [] : [`  cd ${shellWord(given)}`]),
      "  npm install",
      ...(FURTHER_STEPS[template] ?? []),
      "  npm test                # the project's own tests",
      "  npx bento-ts serve      # and open http://127.0.0.1:3000/docs",
    ],
  });
}

/** What a template needs between the install and its tests. */
const FURTHER_STEPS: Readonly<Record<string, readonly string[]>> = {
  tensorflow: ["  npm run setup           # brings the native TensorFlow, once for all projects"],
};
