import { wrongUsage } from "../command-error.ts";
import { refuse } from "../serve/refuse.ts";

/** The file of keys that a flag names, else the configuration. Throws CommandError when neither does. */
export async function keyFileOf(flag: string | undefined): Promise<string> {
  if (flag !== undefined) return flag;
  const { loadConfig } = await import("@bento-ts/runtime/config");
  const { config } = await refuse(() => loadConfig({ projectDir: process.cwd(), env: process.env }));
  const file = config.security.apiKeys?.file;
  if (file === undefined)
    throw wrongUsage("no file of keys: give --file FILE, or set security.apiKeys.file in bento.yaml");
  return file;
}
