import type { KeyPath } from "./keys.ts";
import type { Given, Layer } from "./layer.ts";
import { readTexts, type TextValue } from "./text-values.ts";

interface FlagRow {
  readonly key: KeyPath;
  /** As `parseArgs` of node:util wants it. */
  readonly type: "string" | "boolean";
  readonly doc: string;
}

/** Command line flags that set a key, for this run. */
export const CONFIG_FLAGS = {
  host: { key: "server.host", type: "string", doc: "address to listen on" },
  port: { key: "server.port", type: "string", doc: "port of the REST API, 0 for a free one" },
  "grpc-port": { key: "server.grpcPort", type: "string", doc: "port of gRPC, 0 for a free one; may be that of REST" },
  "admin-host": { key: "server.admin.host", type: "string", doc: "address of the admin port" },
  "admin-port": { key: "server.admin.port", type: "string", doc: "port of metrics and probes" },
  workers: { key: "server.workers", type: "string", doc: 'worker processes, or "auto"' },
  "model-name": { key: "server.modelName", type: "string", doc: "name of the default API as a model, beside its own" },
  public: { key: "security.allowAnonymous", type: "boolean", doc: "serve callers without credentials" },
} as const satisfies Record<string, FlagRow>;

/** Name of a flag that sets a key, without its dashes. */
export type ConfigFlag = keyof typeof CONFIG_FLAGS;

/** Flags as `parseArgs` gives them. */
export type ConfigFlags = { readonly [F in ConfigFlag]?: string | boolean | undefined };

/** The layer of the command line. Flags that set no key are left to the caller. */
export function flagsLayer(flags: ConfigFlags): Layer {
  const texts: TextValue[] = [];
  const switches: Given[] = [];
  for (const flag of Object.keys(CONFIG_FLAGS).filter(isConfigFlag)) {
    const value = flags[flag];
    const place = { path: CONFIG_FLAGS[flag].key, where: `--${flag}` };
    if (typeof value === "string") texts.push({ ...place, text: value });
    else if (value !== undefined) switches.push({ ...place, value });
  }
  const { given, problems } = readTexts(texts);
  return { name: "flags", given: [...given, ...switches], problems, warnings: [] };
}

function isConfigFlag(name: string): name is ConfigFlag {
  return Object.hasOwn(CONFIG_FLAGS, name);
}
