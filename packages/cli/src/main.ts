import { readFileSync } from "node:fs";
import { type Argument, Command, CommanderError } from "commander";
import type { CommandRow } from "./command.ts";
import { EXIT, wrongUsage } from "./command-error.ts";
import { endProcess, survivePipes } from "./process-end.ts";
import { endOnUncaughtErrors } from "./uncaught-errors.ts";
import { reportFailure } from "./report-failure.ts";

/** Every command, in the order of `--help`: a new one is a file in commands/ and a row here. Each is loaded when it is run or told of. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandRow>>> = {
  init: async () => (await import("./commands/init.ts")).init,
  serve: async () => (await import("./commands/serve.ts")).serve,
  build: async () => (await import("./commands/build.ts")).build,
  test: async () => (await import("./commands/test.ts")).test,
  tune: async () => (await import("./commands/tune.ts")).tune,
  bench: async () => (await import("./commands/bench.ts")).bench,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  openapi: async () => (await import("./commands/openapi.ts")).openapi,
  proto: async () => (await import("./commands/proto.ts")).proto,
  token: async () => (await import("./commands/token.ts")).token,
  auth: async () => (await import("./commands/auth.ts")).auth,
  keys: async () => (await import("./commands/keys.ts")).keys,
  htpasswd: async () => (await import("./commands/htpasswd.ts")).htpasswd,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  bentos: async () => (await import("./commands/bentos.ts")).bentos,
  models: async () => (await import("./commands/models.ts")).models,
  tensorflow: async () => (await import("./commands/tensorflow.ts")).tensorflow,
};

/** Runs one command line and ends the process with its exit code: 0 done, 1 failed, 2 wrong usage, 78 refused configuration. */
export async function main(args: readonly string[]): Promise<void> {
  survivePipes();
  endOnUncaughtErrors();
  try {
    const program = await createProgram(commandOf(args));
    await program.parseAsync(args, { from: "user" });
  } catch (thrown) {
    process.exitCode = thrown instanceof CommanderError ? endOfParsing(thrown, args) : reportFailure(thrown);
  }
  endProcess();
}

/** The name of the command that a command line runs; undefined for one that none knows, for `--help` and the like. */
function commandOf([name]: readonly string[]): string | undefined {
  return name !== undefined && Object.hasOwn(COMMANDS, name) ? name : undefined;
}

async function createProgram(name: string | undefined): Promise<Command> {
  const rows = Object.entries(COMMANDS).filter(([known]) => name === undefined || known === name);
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
  for (const row of await Promise.all(rows.map(([, load]) => load()))) {
    const command = program.command(row.name).description(row.summary);
    row.define(command);
    command.addHelpText("after", exampleText(row.examples));
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
  const command = commandOf(args);
  const reason = thrown.message.replace(/^error: |\.$/g, "").replaceAll("\n", " ");
  const help = ["bento-ts", ...(command === undefined ? [] : [command]), "--help"].join(" ");
  return reportFailure(wrongUsage(`${reason}; see "${help}"`));
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
