import { dirname, join } from "node:path";
import { modelStoreDir } from "@bento-ts/runtime/models-store";

/** A folder beside the model store: `$BENTO_HOME/<name>`, `~/.bento-ts/<name>` unless that is set. */
export function homeFolder(name: string, env: Readonly<Record<string, string | undefined>>): string {
  return join(dirname(modelStoreDir(env)), name);
}
