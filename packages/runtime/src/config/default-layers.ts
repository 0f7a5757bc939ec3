import { KEY_PATHS, KEYS, type KeyPath } from "./keys.ts";
import type { Layer } from "./layer.ts";

/** What every key is unless somebody says otherwise. */
export function defaultsLayer(): Layer {
  return {
    name: "defaults",
    given: KEY_PATHS.map((path) => ({ path, value: KEYS[path].default, where: "default" })),
    problems: [],
    warnings: [],
  };
}

// A container has its own network: loopback would be out of everybody's reach. The start rule still asks who may call.
const IMAGE_DEFAULTS: Readonly<Partial<Record<KeyPath, string>>> = {
  "server.host": "0.0.0.0",
  "server.admin.host": "0.0.0.0",
};

/** What an image sets instead. */
export function imageLayer(): Layer {
  const given = KEY_PATHS.flatMap((path) => {
    const value = IMAGE_DEFAULTS[path];
    return value === undefined ? [] : [{ path, value, where: "image" }];
  });
  return { name: "image", given, problems: [], warnings: [] };
}
