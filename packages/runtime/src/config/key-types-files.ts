import { text, type KeyType } from "./key-types.ts";

/** A path inside the project folder; globs may stand in it. */
export function projectPath(label: string): KeyType<string> {
  return text({ label: `${label}, relative to the project folder and inside it`, accepts: staysInside });
}

function staysInside(path: string): boolean {
  const absolute = path.startsWith("/") || path.startsWith("\\") || /^[A-Za-z]:/.test(path);
  return !absolute && !path.split(/[\\/]/).includes("..");
}
