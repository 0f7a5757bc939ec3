/** What became of one thing that was looked at. */
export interface Check {
  readonly check:
    | "dns"
    | "connect"
    | "chain"
    | "names"
    | "expiry"
    | "protocols"
    | "suites"
    | "alpn"
    | "plain"
    | "headers"
    | "unknown path"
    | "routes";
  /** Of which place: `https://models.example.com`, `grpc models.example.com:443`. */
  readonly about: string;
  /** A problem leaves callers or data unprotected, or callers without an answer. */
  readonly level: "ok" | "warning" | "problem" | "skipped";
  /** One sentence. */
  readonly message: string;
  /** What it counts, each by itself. */
  readonly items?: readonly string[];
}

/** A check before it is known of which place it is. */
export type Finding = Omit<Check, "about">;
