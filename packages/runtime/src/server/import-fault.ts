import { readFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ServingError } from "../errors.ts";
import { reasonOf } from "../reason-of.ts";

/** The error of a module that can't be imported: one sentence on what is wrong, in which file (as seen from the module's folder), and what to do. */
export async function importFault(file: string, cause: unknown): Promise<ServingError> {
  const name = basename(file);
  const text = (await isBareDecorator(file, cause))
    ? `${name} has decorators, which Node does not run by itself: start it with "bento-ts serve ${name}"`
    : `${name} can't be loaded: ${adviceOn(cause, file) ?? reasonOf(cause)}`;
  return new ServingError("FAILED_PRECONDITION", text, { cause });
}

async function isBareDecorator(file: string, cause: unknown): Promise<boolean> {
  if (!(cause instanceof SyntaxError) || cause.message !== "Invalid or unexpected token") return false;
  return /^\s*@\w/m.test(await readFile(file, "utf8").catch(() => ""));
}

/** From the words of Node and esbuild, whose errors tell what they know in no other way; undefined for all others. */
function adviceOn(cause: unknown, file: string): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  for (const pattern of MISSING) {
    const { wanted, importer } = pattern.exec(cause.message)?.groups ?? {};
    if (wanted !== undefined && importer !== undefined) return missing(wanted, { importer, file });
  }
  const { path, position, text = "" } = UNREADABLE.exec(cause.message)?.groups ?? {};
  if (path !== undefined) {
    const what = text.includes("Top-level await")
      ? 'await at the top of a file needs "type": "module" in package.json'
      : text;
    return `${seenFrom(file, path)}:${position}: ${what}`;
  }
  return cause instanceof SyntaxError ? syntaxAdvice(cause, file) : undefined;
}

const MISSING = [
  /^Cannot find (?:package|module) '(?<wanted>[^']+)' imported from (?<importer>.+)$/,
  /^Cannot find module '(?<wanted>[^']+)'\nRequire stack:\n- (?<importer>[^\n]+)/,
];

const UNREADABLE = /^Transform failed [^\n]*\n(?<path>[^\n]+):(?<position>\d+:\d+): ERROR: (?<text>[^\n]+)/;

function missing(wanted: string, { importer, file }: { readonly importer: string; readonly file: string }): string {
  const path = isAbsolute(wanted) ? seenFrom(importer, wanted).replace(/^(?!\.)/, "./") : wanted;
  const imports = `${seenFrom(file, importer)} imports "${path}", which is`;
  if (path.startsWith(".")) return `${imports} not there: correct the import`;
  const name = path.split("/", path.startsWith("@") ? 2 : 1).join("/");
  return `${imports} not installed: run "npm i ${name}"`;
}

/** Node puts the place in front of the stack, of a module it does not tell it at all. */
function syntaxAdvice({ message, stack = "" }: SyntaxError, file: string): string {
  const [, path, line] = /^((?:file:\/\/)?\/[^\n]+):(\d+)\n/.exec(stack) ?? [];
  if (path !== undefined) return `${seenFrom(file, path)}:${line}: ${message}`;
  return `${message}; "node --check FILE" shows where, in ${basename(file)} or a file that it imports`;
}

function seenFrom(file: string, path: string): string {
  return relative(dirname(file), path.startsWith("file:") ? fileURLToPath(path) : path);
}
