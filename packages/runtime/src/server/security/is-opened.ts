import type { SecurityConfig } from "../../config/security/types.ts";

/** Whether the platform has opened a route that tells of the server to callers without credentials; decided by its id, never by its path. Source: security.md A1.3. */
export function isOpened(routeId: string, opened: SecurityConfig["public"]): boolean {
  return opened.includes(routeId === "metrics" || routeId === "reflection" ? routeId : "metadata");
}
