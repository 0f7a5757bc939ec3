import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Lets this process import TypeScript files with decorators; gives the arguments of Node that let other processes do so.
 *
 * Compiler options are those of the tsconfig.json nearest to the service, wherever the command runs.
 */
export async function enableTypeScript(file: string): Promise<readonly string[]> {
  const tsconfig = process.env["TSX_TSCONFIG_PATH"] ?? nearestTsconfig(dirname(file));
  // Read by the loader in the workers, which inherit it.
  if (tsconfig !== undefined) process.env["TSX_TSCONFIG_PATH"] = tsconfig;
  const { register } = await import("tsx/esm/api");
  register({ tsconfig: tsconfig ?? false });
  return ["--import", import.meta.resolve("tsx/esm")];
}

function nearestTsconfig(folder: string): string | undefined {
  const path = join(folder, "tsconfig.json");
  if (existsSync(path)) return path;
  const outer = dirname(folder);
  return outer === folder ? undefined : nearestTsconfig(outer);
}
