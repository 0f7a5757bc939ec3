import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where pip would look for packages, and which authorities it trusts. */
export interface PipSettings {
  /** Addresses of simple indexes, the first is asked first; they may hold a password and are not for messages. */
  readonly indexes: readonly string[];
  /** File of authorities to trust beside the known ones. */
  readonly caFile: string | undefined;
  readonly proxy: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads pip's settings without pip: its environment variables, else its configuration files, the more special ones first.
 *
 * Source: pip, "Configuration" (names of files, order, `[global]` and `[download]`).
 */
export async function readPipSettings(env: Environment): Promise<PipSettings> {
  const files = env["PIP_CONFIG_FILE"] === "/dev/null" ? [] : await readFiles(configFiles(env));
  const setting = (name: string): string | undefined =>
    env[`PIP_${name.toUpperCase().replaceAll("-", "_")}`] || files.map((settings) => settings.get(name)).find(Boolean);
  const extra = (setting("extra-index-url") ?? "").split(/\s+/).filter((url) => url !== "");
  return {
    indexes: [setting("index-url") ?? "https://pypi.org/simple", ...extra],
    caFile: setting("cert") ?? env["REQUESTS_CA_BUNDLE"],
    proxy: setting("proxy"),
  };
}

function configFiles(env: Environment): readonly string[] {
  const { VIRTUAL_ENV: venv, PIP_CONFIG_FILE: named } = env;
  const home = env["HOME"] || homedir();
  return [
    ...(named === undefined ? [] : [named]),
    ...(venv === undefined ? [] : [join(venv, "pip.conf")]),
    join(env["XDG_CONFIG_HOME"] || join(home, ".config"), "pip/pip.conf"),
    join(home, ".pip/pip.conf"),
    "/etc/pip.conf",
  ];
}

async function readFiles(paths: readonly string[]): Promise<readonly ReadonlyMap<string, string>[]> {
  // A file that is missing, or not for us, is none of pip's settings either.
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8").catch(() => "")));
  return texts.map(parseSettings);
}

/** The settings of an INI file that count for a download, `[download]` above `[global]`; more lines of a value are indented. */
function parseSettings(text: string): ReadonlyMap<string, string> {
  const sections = { global: new Map<string, string>(), download: new Map<string, string>() };
  let section: Map<string, string> | undefined;
  let last: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, header] = /^\[(\w+)\]/.exec(line) ?? [];
    const [, name, value = ""] = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (header !== undefined) section = header === "global" || header === "download" ? sections[header] : undefined;
    else if (name !== undefined) section?.set((last = name.replaceAll("_", "-")), value.trim());
    else if (/^\s+[^#;\s]/.test(line) && last !== undefined)
      section?.set(last, `${section.get(last) ?? ""} ${line.trim()}`.trim());
  }
  return new Map([...sections.global, ...sections.download]);
}
