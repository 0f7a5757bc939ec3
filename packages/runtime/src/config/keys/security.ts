import type { KeyRow } from "../key-row.ts";
import { listOf } from "../key-types-collections.ts";
import { boolean, oneOf } from "../key-types.ts";

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
  "security.allowInlineSecrets": {
    type: boolean(),
    default: false,
    reason: "files of a configuration are read by many and kept for ever",
    doc: "Whether secrets may stand in the configuration itself in place of `{ file: … }` or `{ env: … }`.",
  },
  "security.public": {
    type: listOf(oneOf(["docs", "metrics", "metadata", "reflection"]), {
      label: "what may be opened: docs, metrics, metadata, reflection",
      sample: '["docs"]',
    }),
    default: [],
    reason: "everything but probes asks for credentials",
    doc: "What callers without credentials may see as well: the documentation, `/metrics` of the main port, metadata of models, gRPC reflection.",
  },
  "security.authorOverridable": {
    type: listOf(oneOf(["public"]), { label: "what authors may decide: public", sample: '["public"]' }),
    default: [],
    reason: "authors narrow who may call, they do not widen it",
    doc: "What the author's code may open by itself: with `public`, a function whose `authorize` is `public` asks for no credentials.",
  },
  "security.defaultAuthorization": {
    type: oneOf(["authenticated", "deny"]),
    default: "authenticated",
    reason: "who has proved who they are may call what nobody has written rules for",
    doc: "Who may call a function that no `allow` list is written for: every caller with good credentials, or nobody.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
