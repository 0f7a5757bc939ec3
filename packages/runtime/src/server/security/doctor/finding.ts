/** Something that fails in production, or that its owner should know of. */
export interface Finding {
  readonly level: "problem" | "warning";
  /** The key of the configuration that it is about. */
  readonly key: string;
  readonly message: string;
}

/** A finding that does not stop a server. */
export function warning(key: string, message: string): Finding {
  return { level: "warning", key, message };
}

/** A finding that does, or that leaves it open or out of order. */
export function problem(key: string, message: string): Finding {
  return { level: "problem", key, message };
}
