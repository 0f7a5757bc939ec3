import { text, type KeyType } from "./key-types.ts";

/** A path inside the project folder; globs may stand in it. */
export function projectPath(label: string): KeyType<string> {
  return text({ label: `${label}, relative to the project folder and inside it`, accepts: staysInside });
}

/** A path of this machine, relative ones against the folder that the server is started in; no URL: nothing is fetched. */
export function localPath(label: string): KeyType<string> {
  return text({ label: `${label}, no URL`, pattern: "^(?![A-Za-z][A-Za-z0-9+.-]*://)[^\\u0000]{1,4096}$" });
}

function staysInside(path: string): boolean {
  const absolute = path.startsWith("/") || path.startsWith("\\") || /^[A-Za-z]:/.test(path);
  return !absolute && !path.split(/[\\/]/).includes("..");
}
