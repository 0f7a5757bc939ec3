import { readFileSync } from "node:fs";
import { type Argument, Command, CommanderError } from "commander";
import type { CommandRow } from "./command.ts";
import { EXIT, wrongUsage } from "./command-error.ts";
import { build } from "./commands/build.ts";
import { init } from "./commands/init.ts";
import { inspect } from "./commands/inspect.ts";
import { models } from "./commands/models.ts";
import { openapi } from "./commands/openapi.ts";
import { proto } from "./commands/proto.ts";
import { serve } from "./commands/serve.ts";
import { test } from "./commands/test.ts";
import { endProcess, survivePipes } from "./process-end.ts";
import { endOnUncaughtErrors } from "./uncaught-errors.ts";
import { reportFailure } from "./report-failure.ts";

/** Every command, in the order of `--help`: a new one is a file in commands/ and a row here. */
const COMMANDS: readonly CommandRow[] = [init, serve, build, test, inspect, openapi, proto, models];

/** Runs one command line and ends the process with its exit code: 0 done, 1 failed, 2 wrong usage, 78 refused configuration. */
export async function main(args: readonly string[]): Promise<void> {
  survivePipes();
  endOnUncaughtErrors();
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (thrown) {
    process.exitCode = thrown instanceof CommanderError ? endOfParsing(thrown, args) : reportFailure(thrown);
  }
  endProcess();
}

function createProgram(): Command {
  const program = new Command("bento-ts")
    .description("Serves, tests and ships trained models.")
    .version(readVersion(), "--version", "print the version")
    .usage("COMMAND [TARGET] [flags]")
    // `openapi --version 3.0` is the command's own flag.
    .enablePositionalOptions()
    .configureHelp({
      subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(termOf)].join(" "),
    })
    .exitOverride()
    // What goes wrong is told once, by reportFailure.
    .configureOutput({ outputError: () => undefined });
  program.addHelpText("after", '\n"bento-ts COMMAND --help" tells the flags of a command and shows examples.');
  for (const { name, summary, examples, define } of COMMANDS) {
    const command = program.command(name).description(summary);
    define(command);
    command.addHelpText("after", exampleText(examples));
  }
  return program;
}

function termOf(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function exampleText(examples: CommandRow["examples"]): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return ["", "Examples:", ...examples.map(([line, does]) => `  ${line.padEnd(width)}  # ${does}`)].join("\n");
}

function endOfParsing(thrown: CommanderError, args: readonly string[]): number {
  // Help and version were printed.
  if (thrown.exitCode === 0) return EXIT.done;
  if (thrown.code === "commander.help") return EXIT.usage;
  const command = COMMANDS.find(({ name }) => name === args[0])?.name;
  const reason = thrown.message.replace(/^error: |\.$/g, "").replaceAll("\n", " ");
  const help = ["bento-ts", ...(command === undefined ? [] : [command]), "--help"].join(" ");
  return reportFailure(wrongUsage(`${reason}; see "${help}"`));
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
