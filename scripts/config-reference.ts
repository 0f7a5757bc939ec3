import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { configJsonSchema } from "../packages/runtime/src/config/config-json-schema.ts";
import { envNameOf } from "../packages/runtime/src/config/env-name.ts";
import { OTHER_VARIABLES } from "../packages/runtime/src/config/env-layer.ts";
import { CONFIG_FLAGS } from "../packages/runtime/src/config/flags-layer.ts";
import { KEY_PATHS, KEYS } from "../packages/runtime/src/config/keys.ts";
import { ORCHESTRATOR_VARIABLES } from "../packages/runtime/src/config/orchestrator-layer.ts";

/** Where the two published files stand. */
export const CONFIG_SCHEMA_FILE = fileURLToPath(new URL("../packages/runtime/bento.schema.json", import.meta.url));
export const CONFIG_GUIDE_FILE = fileURLToPath(new URL("../docs/configuration.md", import.meta.url));

/** The text of packages/runtime/bento.schema.json. */
export function configSchemaText(): Promise<string> {
  return formatted(CONFIG_SCHEMA_FILE, JSON.stringify(configJsonSchema()));
}

/**
 * The text of docs/configuration.md with its generated parts made anew from the tables.
 *
 * A part stands between `<!-- generated:NAME -->` and `<!-- /generated:NAME -->`; throws when the guide lacks one.
 */
export function configGuideText(guide: string): Promise<string> {
  const parts = { keys: keySections(), flags: flagTable(), variables: variableTable() };
  const text = Object.entries(parts).reduce((before, [name, content]) => {
    const [open, close] = [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`];
    const [start, end] = [before.indexOf(open), before.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`expected a part ${open} … ${close} in docs/configuration.md`);
    return `${before.slice(0, start + open.length)}\n\n${content}\n\n${before.slice(end)}`;
  }, guide);
  return formatted(CONFIG_GUIDE_FILE, text);
}

async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

function keySections(): string {
  return KEY_PATHS.map((path) => {
    const { type, doc, default: preset, reason } = KEYS[path];
    return [
      `### \`${path}\``,
      "",
      doc,
      "",
      `- takes: ${type.label}`,
      `- default: \`${JSON.stringify(preset)}\` (${reason})`,
      `- variable: \`${envNameOf(path)}\`${variableForm(type.mergesEntries, preset)}`,
    ].join("\n");
  }).join("\n\n");
}

function variableForm(isMapping: boolean, preset: unknown): string {
  return isMapping || Array.isArray(preset) ? ", as JSON" : "";
}

function flagTable(): string {
  const rows = Object.entries(CONFIG_FLAGS).map(([flag, { key, doc }]) => `| \`--${flag}\` | \`${key}\` | ${doc} |`);
  return ["| flag | key | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

function variableTable(): string {
  const rows = [
    ...ORCHESTRATOR_VARIABLES.map(
      ({ variable, key, setBy }) => `| \`${variable}\` | sets \`${key}\`; given by ${setBy} |`,
    ),
    ...Object.entries(OTHER_VARIABLES).map(([variable, doc]) => `| \`${variable}\` | ${doc} |`),
  ];
  return ["| variable | meaning |", "| --- | --- |", ...rows].join("\n");
}
