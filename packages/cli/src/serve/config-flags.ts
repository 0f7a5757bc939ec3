import { type Command, Option } from "commander";
import { CONFIG_FLAGS, type ConfigFlag, type ConfigFlags } from "@bento-ts/runtime/config";

/** Adds the flags that set a configuration key for this run. */
export function addConfigFlags(command: Command): void {
  for (const name of FLAGS) {
    const { type, doc } = CONFIG_FLAGS[name];
    command.addOption(new Option(type === "boolean" ? `--${name}` : `--${name} <${name}>`, doc));
  }
}

/** The flags that were given, as configuration reads them. */
export function configFlagsOf(command: Command): ConfigFlags {
  const values = FLAGS.map((name) => [name, command.getOptionValue(camelCase(name)) as string | boolean | undefined]);
  return Object.fromEntries(values);
}

const FLAGS = Object.keys(CONFIG_FLAGS) as readonly ConfigFlag[];

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
}
