import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BENTO_FILE_NAME, ServingError } from "@bento-ts/runtime/definition";
import ignore from "ignore";
import { type IgnoreRules, NO_RULES } from "./ignore-rules.ts";

/**
 * The project's files that `image.files` names, relative with "/", sorted: each entry is a file, a folder or a glob in the syntax of .gitignore.
 *
 * Secrets and what is no part of a project (`.env`, keys, `.git`, `node_modules`) never match, nor what .gitignore and .bentoignore hide, nor symbolic links, which may
 * lead out of the project. Throws FAILED_PRECONDITION for an entry that
 * matches nothing.
 */
export async function projectFiles(projectDir: string, entries: readonly string[]): Promise<readonly string[]> {
  if (entries.length === 0) return [];
  const all = await listFiles(projectDir);
  const matched = new Set<string>();
  for (const entry of entries) {
    const matcher = ignore().add(`/${entry.replace(/^\.?\//, "")}`);
    const files = all.filter((file) => matcher.ignores(file));
    if (files.length === 0) throw nothingMatches(entry);
    for (const file of files) matched.add(file);
  }
  return [...matched].sort();
}

async function listFiles(projectDir: string): Promise<readonly string[]> {
  const files: string[] = [];
  const walk = async (folder: string, outer: IgnoreRules): Promise<void> => {
    const entries = await readdir(join(projectDir, folder), { withFileTypes: true });
    // What an earlier build has made is no part of the project.
    if (entries.some(({ name }) => name === BENTO_FILE_NAME)) return;
    const rules = await outer.enter(projectDir, folder);
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      // Before it is entered: a hidden folder costs nothing, however much is in it.
      if (rules.hides(entry.isDirectory() ? `${path}/` : path)) continue;
      if (entry.isDirectory()) await walk(path, rules);
      else if (entry.isFile()) files.push(path);
    }
  };
  await walk("", NO_RULES);
  return files;
}

function nothingMatches(entry: string): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `image.files: nothing in the project that may go into an image matches "${entry}" (never taken: .env files, keys, .git, node_modules, symbolic links; what .gitignore hides is taken where .bentoignore has it with "!")`,
  );
}
