import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BENTO_FORMAT_VERSION, digestOf } from "@bento-ts/runtime/definition";

/** Files of a bento in a few bytes; those under `node/bin` are programs. */
export async function makeBento(
  dir: string,
  {
    version = "1.0.0",
    platform = "linux/amd64",
    files = {},
  }: {
    readonly version?: string;
    readonly platform?: string;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<string> {
  const definition = {
    formatVersion: 1,
    name: "small",
    version,
    description: "",
    parameters: null,
    apis: [],
    config: {},
  } as const;
  const bento = {
    formatVersion: BENTO_FORMAT_VERSION,
    definition,
    definitionDigest: digestOf(definition),
    entry: "service/service.mjs",
    models: [],
    runtimeVersion: "0.1.0",
    nodeVersion: "24.0.0",
    platform,
  };
  const all = {
    "bento.json": JSON.stringify(bento),
    "service/service.mjs": "export {};\n",
    "node/bin/node": "#!/bin/sh\n",
    "node_modules/a/empty": "",
    "node_modules/b/empty": "",
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
    await chmod(join(dir, path), path.startsWith("node/bin/") ? 0o755 : 0o644);
  }
  return dir;
}
