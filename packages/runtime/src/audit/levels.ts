import { AUDIT_LEVELS, type AuditLevel } from "../call/audit-level.ts";

/** Which call is written down how far. */
export interface AuditLevels {
  /** Of calls of an API; of one that was refused before it was known what it calls, `undefined`: at least its metadata if any call is written down. */
  of(api: string | undefined): AuditLevel;
  /** The most that any call is written down. */
  readonly highest: AuditLevel;
}

/** Makes the levels of a server from the default and those of single APIs. */
export function createAuditLevels(level: AuditLevel, functions: Readonly<Record<string, AuditLevel>>): AuditLevels {
  const own = new Map(Object.entries(functions));
  const all = [level, ...own.values()];
  const highest = AUDIT_LEVELS.findLast((one) => all.includes(one)) ?? level;
  const unknown = level === "none" && highest !== "none" ? "metadata" : level;
  return { of: (api) => (api === undefined ? unknown : (own.get(api) ?? level)), highest };
}
