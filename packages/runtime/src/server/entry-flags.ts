import { parseArgs } from "node:util";
import { CONFIG_FLAGS, type ConfigFlags } from "../config/flags-layer.ts";
import { ORCHESTRATOR_FLAGS, type OrchestratorFlags } from "../config/orchestrator-flags.ts";
import { ServingError } from "../errors.ts";

/** What the arguments of `bento-ts-server` ask for. */
export interface EntryFlags {
  readonly help: boolean;
  readonly version: boolean;
  /** Folder of the bento; the current one when left out. */
  readonly bento: string | undefined;
  /** The platform's configuration file. */
  readonly configFile: string | undefined;
  /** Whether the defaults of an image hold: reached from outside of its container. */
  readonly image: boolean;
  readonly config: ConfigFlags & OrchestratorFlags;
}

/** Reads the arguments. Throws INVALID_ARGUMENT for one that has no meaning. */
export function parseEntryFlags(args: readonly string[]): EntryFlags {
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS, strict: true });
    const { help, version, bento, config, image, ...rest } = values;
    return {
      help: help === true,
      version: version === true,
      bento,
      configFile: config,
      image: image === true,
      config: rest,
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServingError("INVALID_ARGUMENT", `${reason.split(". ")[0]}: run bento-ts-server --help`, { cause });
  }
}

/** The text of `--help`. */
export function entryHelp(): string {
  const rows = Object.entries(FLAGS).map(([name, { type, doc }]) => [
    `--${name}${type === "string" ? " VALUE" : ""}`,
    doc,
  ]);
  return [
    "usage: bento-ts-server [flags]",
    "",
    "Serves a bento that `bento-ts build` has made, or without one the models of --model_dir.",
    "",
    ...rows.map(([flag = "", doc]) => `  ${flag.padEnd(20)} ${doc}`),
    "",
    "exit codes: 0 stopped in order, 1 failed, 2 wrong usage, 78 refused configuration",
    "",
  ].join("\n");
}

const OWN_FLAGS = {
  bento: { type: "string", doc: "folder of the bento; default: the current one" },
  config: { type: "string", doc: "configuration file (YAML) above the bento's own" },
  image: { type: "boolean", doc: "listen on all addresses unless told otherwise, as in a container" },
  help: { type: "boolean", doc: "print this" },
  version: { type: "boolean", doc: "print the version" },
} as const;

const FLAGS = { ...OWN_FLAGS, ...CONFIG_FLAGS, ...ORCHESTRATOR_FLAGS } as const;
