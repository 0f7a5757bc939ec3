import { type Command, Option } from "commander";
import {
  CONFIG_FLAGS,
  type ConfigFlag,
  type ConfigFlags,
  ORCHESTRATOR_FLAGS,
  type OrchestratorFlag,
  type OrchestratorFlags,
} from "@bento-ts/runtime/config";

/** Adds the flags that set a configuration key for this run. */
export function addConfigFlags(command: Command): void {
  for (const name of FLAGS) {
    const { type, doc } = CONFIG_FLAGS[name];
    command.addOption(new Option(type === "boolean" ? `--${name}` : `--${name} <${name}>`, doc));
  }
  for (const name of ORCHESTRATOR) command.addOption(new Option(`--${name} <${name}>`, ORCHESTRATOR_FLAGS[name].doc));
}

/** The flags that were given, as configuration reads them. */
export function configFlagsOf(command: Command): ConfigFlags & OrchestratorFlags {
  const values = FLAGS.map((name) => [name, command.getOptionValue(camelCase(name)) as string | boolean | undefined]);
  const others = ORCHESTRATOR.map((name) => [name, command.getOptionValue(name) as string | undefined]);
  return Object.fromEntries([...values, ...others]);
}

const FLAGS = Object.keys(CONFIG_FLAGS) as readonly ConfigFlag[];
const ORCHESTRATOR = Object.keys(ORCHESTRATOR_FLAGS) as readonly OrchestratorFlag[];

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
}
