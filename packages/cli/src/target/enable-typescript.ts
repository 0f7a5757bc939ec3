import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { failed } from "../command-error.ts";

/**
 * Lets this process import TypeScript files with decorators; gives the URL of a module that lets other processes do so when they import it.
 *
 * Compiler options are those of the tsconfig.json nearest to the service, wherever the command runs. Throws CommandError where that can't be read.
 */
export async function enableTypeScript(file: string): Promise<string> {
  const tsconfig = process.env["TSX_TSCONFIG_PATH"] ?? nearestTsconfig(dirname(file));
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const loader = new URL(`./typescript-loader.${ending}`, import.meta.url);
  if (tsconfig !== undefined) loader.searchParams.set("tsconfig", tsconfig);
  await import(loader.href).catch((cause: unknown) => {
    if (tsconfig === undefined) throw cause;
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
    throw failed(`${relative(process.cwd(), tsconfig)} can't be used: ${reason}; mend it`, cause);
  });
  return loader.href;
}

function nearestTsconfig(folder: string): string | undefined {
  const path = join(folder, "tsconfig.json");
  if (existsSync(path)) return path;
  const outer = dirname(folder);
  return outer === folder ? undefined : nearestTsconfig(outer);
}
