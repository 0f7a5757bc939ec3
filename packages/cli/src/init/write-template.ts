import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { toServiceName } from "@bento-ts/runtime/definition";
import { failed, wrongUsage } from "../command-error.ts";

/** A project that was written. */
export interface WrittenProject {
  /** Name of package and service. */
  readonly name: string;
  readonly dir: string;
  /** Relative to `dir`. */
  readonly files: readonly string[];
}

const TEMPLATES = fileURLToPath(new URL("../../templates/", import.meta.url));

/** Names that npm would leave out of a package stand in the template without their dot. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: ".gitignore", npmrc: ".npmrc" };
const TEXT_ENDINGS: ReadonlySet<string> = new Set([".ts", ".json", ".yaml", ".md"]);

/** The templates that exist. */
export function templateNames(): readonly string[] {
  return readdirSync(TEMPLATES).sort();
}

/**
 * Writes a template into a folder, named after it.
 *
 * Throws CommandError: wrong usage for a template that does not exist, failed for a folder that holds anything but a Git repository.
 */
export async function writeTemplate(template: string, dir: string): Promise<WrittenProject> {
  if (!templateNames().includes(template)) {
    throw wrongUsage(`there is no template "${template}": choose from ${templateNames().join(", ")}`);
  }
  await makeEmptyFolder(dir);
  const name = toServiceName(basename(dir));
  const root = join(TEMPLATES, template);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.filter((found) => found.isFile())) {
    const source = join(entry.parentPath, entry.name);
    const path = join(entry.parentPath.slice(root.length), RENAMED[entry.name] ?? entry.name).replace(/^\//, "");
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), await fill(source, { name, version: readVersion() }));
    files.push(path);
  }
  return { name, dir, files: files.sort() };
}

async function makeEmptyFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const found = (await readdir(dir)).filter((name) => name !== ".git");
  if (found.length === 0) return;
  throw failed(
    `${dir} is not empty (it holds ${found.slice(0, 3).join(", ")}): name a new folder, "bento-ts init DIR"`,
  );
}

/** Puts values into the places `{{name}}` of a text file; other files stay as they are. */
async function fill(source: string, values: Readonly<Record<string, string>>): Promise<string | Uint8Array> {
  const bytes = await readFile(source);
  if (!TEXT_ENDINGS.has(extname(source))) return bytes;
  return bytes.toString("utf8").replaceAll(/\{\{(\w+)\}\}/g, (place, key: string) => values[key] ?? place);
}

/** Version of the packages that the project depends on: they are released together. */
function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(TEMPLATES, "../package.json"), "utf8")) as { version: string };
  return version;
}
