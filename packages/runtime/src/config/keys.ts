import { envNameOf } from "./env-name.ts";
import type { KeyRow } from "./key-row.ts";
import { AUDIT_KEYS } from "./keys/audit.ts";
import { CREDENTIAL_KEYS } from "./keys/credentials.ts";
import { EDGE_KEYS } from "./keys/edge.ts";
import { IMAGE_KEYS } from "./keys/image.ts";
import { LIMITS_KEYS } from "./keys/limits.ts";
import { PROJECT_KEYS } from "./keys/project.ts";
import { PROTOCOL_KEYS } from "./keys/protocols.ts";
import { SECURITY_KEYS } from "./keys/security.ts";
import { SERVER_KEYS } from "./keys/server.ts";
import { TELEMETRY_KEYS } from "./keys/telemetry.ts";
import { TLS_KEYS } from "./keys/tls.ts";

const ROWS = {
  ...PROJECT_KEYS,
  ...SERVER_KEYS,
  ...PROTOCOL_KEYS,
  ...LIMITS_KEYS,
  ...TLS_KEYS,
  ...SECURITY_KEYS,
  ...CREDENTIAL_KEYS,
  ...EDGE_KEYS,
  ...AUDIT_KEYS,
  ...TELEMETRY_KEYS,
  ...IMAGE_KEYS,
};

/** Path of a key as users write it: `server.requestTimeout`. */
export type KeyPath = keyof typeof ROWS;

/** Resolved value of a key. */
export type KeyValue<P extends KeyPath> = (typeof ROWS)[P] extends KeyRow<infer T> ? T : never;

/** Gives the resolved value of a key. */
export type ReadKey = <P extends KeyPath>(path: P) => KeyValue<P>;

/** Every key of the configuration: its type, default, reason and meaning. */
export const KEYS: { readonly [P in KeyPath]: KeyRow<KeyValue<P>> } = ROWS;

/** The paths of all keys, in the order of the documentation. */
export const KEY_PATHS: readonly KeyPath[] = Object.keys(KEYS).filter(isKeyPath);

/** Paths that hold keys and are none themselves: `server`, `server.limits`. */
export const SECTION_PATHS: readonly string[] = [...new Set(KEY_PATHS.flatMap(sectionsOf))];

/** Keys by the name of their environment variable. */
export const KEY_BY_VARIABLE: ReadonlyMap<string, KeyPath> = new Map(KEY_PATHS.map((path) => [envNameOf(path), path]));

/** Whether a key has this path. */
export function isKeyPath(path: string): path is KeyPath {
  return Object.hasOwn(ROWS, path);
}

function sectionsOf(path: string): readonly string[] {
  const segments = path.split(".");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("."));
}
