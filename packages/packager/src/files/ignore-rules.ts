import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import ignore, { type Ignore } from "ignore";

/** What is no part of a project, folder by folder; the ones of a folder hold for what lies below it too. */
export interface IgnoreRules {
  /** Whether a path relative to the project is hidden; one of a folder ends with "/". */
  hides(path: string): boolean;
  /** The rules in a folder of the project, "" for its own: these and those of the folder's files. */
  enter(projectDir: string, folder: string): Promise<IgnoreRules>;
}

/** Files of rules; those of the second count more, wherever they lie. */
const FILES = { git: ".gitignore", bento: ".bentoignore" } as const;

/** Names that never go into an image, whoever asks for them. */
const NEVER: Ignore = ignore().add([
  ".git",
  "node_modules",
  ".bento-ts",
  ".building-*",
  ".env",
  ".env.*",
  ".npmrc",
  "*.pem",
  "*.key",
  ".ssh",
  ".aws",
]);

/** Whether a path is a secret's, or of what is no part of any project; one of a folder ends with "/". */
export function isNeverTaken(path: string): boolean {
  return NEVER.ignores(path);
}

/**
 * Rules in the syntax of .gitignore: those of .gitignore files, the deeper ones count more; then those of .bentoignore files, which may take back with "!" what
 * git's hide. What never goes into an image is hidden whatever they say. A file in a hidden folder is hidden: the folder has to be taken back first.
 *
 * Source: Git documentation, gitignore, "Pattern format".
 */
export const NO_RULES: IgnoreRules = rulesOf([], []);

function rulesOf(git: readonly string[], bento: readonly string[]): IgnoreRules {
  const matcher = ignore().add([...git, ...bento]);
  const rules: IgnoreRules = {
    hides: (path) => isNeverTaken(path) || matcher.ignores(path),
    async enter(projectDir, folder) {
      const ownGit = await patternsIn(projectDir, folder, FILES.git);
      const ownBento = await patternsIn(projectDir, folder, FILES.bento);
      if (ownGit.length + ownBento.length === 0) return rules;
      return rulesOf([...git, ...ownGit], [...bento, ...ownBento]);
    },
  };
  return rules;
}

async function patternsIn(projectDir: string, folder: string, name: string): Promise<readonly string[]> {
  const path = join(projectDir, folder, name);
  const text = await readRegular(path).catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    const place = folder === "" ? name : `${folder}/${name}`;
    throw new ServingError("FAILED_PRECONDITION", `${place} can't be read, so nobody knows what it hides`, { cause });
  });
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => below(folder, line));
}

/** Reading a pipe would wait for a writer for ever. */
async function readRegular(path: string): Promise<string> {
  if (!(await stat(path)).isFile()) throw new Error(`${path} is no file`);
  return readFile(path, "utf8");
}

/** A pattern of a deeper folder as the project's own file would write it. */
function below(folder: string, line: string): string {
  if (folder === "") return line;
  const [sign, pattern] = line.startsWith("!") ? ["!", line.slice(1)] : ["", line.replace(/^\\(?=[!#])/, "")];
  // One without a slash but at its end fits at any depth.
  const isAnchored = /\/(?=.*\S)/.test(pattern);
  const place = folder.replaceAll(/[\\*?[\]!#\s]/g, "\\$&");
  return `${sign}/${place}/${isAnchored ? pattern.replace(/^\//, "") : `**/${pattern}`}`;
}
