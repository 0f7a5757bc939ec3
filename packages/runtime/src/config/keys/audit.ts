import { AUDIT_LEVELS } from "../../call/audit-level.ts";
import type { KeyRow } from "../key-row.ts";
import { mapOf } from "../key-types-collections.ts";
import { localPath } from "../key-types-files.ts";
import { objectOf } from "../key-types-object.ts";
import { secret } from "../key-types-secret.ts";
import { boolean, duration, integer, oneOf, orNull, orOff, text } from "../key-types.ts";

/** Keys about what is written down of each call. */
export const AUDIT_KEYS = {
  "security.audit.file": {
    type: orOff(text({ label: '"stdout" or a file path' })),
    default: "off",
    reason: "records name callers: the platform decides where they may lie",
    doc: "Where audit records go, one JSON line for each call: `stdout`, or a file, relative to the folder the server is started in.",
  },
  "security.audit.webhook": {
    type: orNull(
      objectOf({
        label: "where records are sent",
        required: { url: text({ label: "an https URL", pattern: "^https?://[^\\u0000-\\u0020]{1,2000}$" }) },
        optional: {
          authorization: secret(),
          ca: localPath("a PEM file"),
          batchSize: integer({ min: 1, max: 10_000 }),
          batchDelay: duration({ min: "10ms", max: "1m" }),
          timeout: duration({ min: "100ms", max: "1m" }),
        },
        sample: '{"url":"https://audit.example.com/records"}',
      }),
    ),
    default: null,
    reason: "records stay here unless told otherwise",
    doc: "Address to which records are posted in batches, as JSON lines; beside the file or in place of it.",
    secret: true,
  },
  "security.audit.level": {
    type: oneOf(AUDIT_LEVELS),
    default: "metadata",
    reason: "who called what and what came of it, without payloads",
    doc: "What an audit record holds: nothing is written, who and what, the SHA-256 of the body as well, or the body itself (up to 64 KiB).",
  },
  "security.audit.functions": {
    type: mapOf(oneOf(AUDIT_LEVELS), {
      label: "APIs to levels",
      names: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$", label: "the name of an API" },
      sample: '{"score":"bodyHash"}',
    }),
    default: {},
    reason: "one level is enough for most",
    doc: "Levels of single APIs in place of `security.audit.level`.",
  },
  "security.audit.publicRoutes": {
    type: boolean(),
    default: false,
    reason: "probes ask every few seconds",
    doc: "Whether calls of public routes (probes) are recorded as well.",
  },
  "security.audit.mode": {
    type: oneOf(["drop", "block", "strict"]),
    default: "drop",
    reason: "a full disk stops no predictions unless asked for",
    doc: "When a record can't be written: `drop` counts it, `block` lets calls wait up to a second for it and then counts it, `strict` refuses the call with 503.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
