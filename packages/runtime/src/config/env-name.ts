/** Name of a key's environment variable: `server.requestTimeout` → `BENTO_SERVER_REQUEST_TIMEOUT`. */
export function envNameOf(path: string): string {
  return `BENTO_${path
    .replaceAll(".", "_")
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .toUpperCase()}`;
}
