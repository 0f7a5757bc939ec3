/** How much is written down of a call, least first: nothing, who and what, the body's digest as well, the body itself. */
export const AUDIT_LEVELS = ["none", "metadata", "bodyHash", "request"] as const;

export type AuditLevel = (typeof AUDIT_LEVELS)[number];
