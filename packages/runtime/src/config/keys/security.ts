import type { KeyRow } from "../key-row.ts";
import { boolean, oneOf, orOff, text } from "../key-types.ts";

/** Keys about who may call and what is recorded; never taken from `@service({ config })`. */
export const SECURITY_KEYS = {
  "security.allowAnonymous": {
    type: boolean(),
    default: false,
    reason: "closed by default",
    doc: "Whether callers without credentials are served at an address that other machines reach.",
  },
  "security.allowInsecureConnections": {
    type: boolean(),
    default: false,
    reason: "closed by default",
    doc: "Whether calls may travel unencrypted to an address that other machines reach, such as behind a proxy that ends TLS.",
  },
  "security.audit.file": {
    type: orOff(text({ label: '"stdout" or a file path' })),
    default: "off",
    reason: "records name callers: the platform decides where they may lie",
    doc: "Where audit records go, one JSON line for each call: `stdout`, or a file, relative to the folder the server is started in.",
  },
  "security.audit.level": {
    type: oneOf(["none", "metadata"]),
    default: "metadata",
    reason: "who called what and what came of it, without payloads",
    doc: "What an audit record holds.",
  },
  "security.audit.mode": {
    type: oneOf(["drop", "strict"]),
    default: "drop",
    reason: "a full disk stops no predictions unless asked for",
    doc: "When a record can't be written: `drop` counts it, `strict` refuses the call with 503.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
