import type { KeyRow } from "../key-row.ts";
import { listOf, mapOf } from "../key-types-collections.ts";
import { cidrs } from "../key-types-network.ts";
import { objectOf } from "../key-types-object.ts";
import { secret } from "../key-types-secret.ts";
import { boolean, duration, integer, oneOf, orNull, orOff, text } from "../key-types.ts";

const apiName = text({ label: "the name of an API", pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$" });
const headerName = text({ label: "a header's name", pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$" });

/** Keys about what is decided before it is known who calls. */
export const EDGE_KEYS = {
  "server.cors.origins": {
    type: listOf(
      text({
        label: 'an origin such as "https://app.example.com", "https://*.example.com" or "*"',
        pattern: "^(\\*|https?://(\\*\\.)?[A-Za-z0-9.:[\\]-]{1,253})$",
      }),
      { label: "origins", sample: '["https://app.example.com"]' },
    ),
    default: [],
    reason: "pages of other sites may not call unless named",
    doc: "Sites whose pages may call; `*.` stands for one label. Compared whole: scheme, host and port.",
  },
  "server.cors.credentials": {
    type: boolean(),
    default: false,
    reason: "tokens travel in headers; cookies would be sent by any page",
    doc: "Whether pages may send cookies and client certificates; never together with the origin `*`.",
  },
  "server.cors.exposedHeaders": {
    type: listOf(headerName, { label: "headers", sample: '["x-request-id"]' }),
    default: ["x-request-id", "retry-after"],
    reason: "what a page needs to tell of an error",
    doc: "Headers of replies that pages may read.",
  },
  "server.cors.maxAge": {
    type: duration({ min: "0s", max: "24h" }),
    default: "10m",
    reason: "browsers ask again soon after a change",
    doc: "How long a browser may keep the answer to its question.",
  },
  "security.ipFilter.allow": {
    type: cidrs(),
    default: [],
    reason: "empty: every address",
    doc: "Addresses that may call; empty for all.",
  },
  "security.ipFilter.deny": {
    type: cidrs(),
    default: [],
    reason: "no address is known to be bad",
    doc: "Addresses that may not call, also where `allow` names them.",
  },
  "security.ipFilter.functions": {
    type: mapOf(
      objectOf({
        label: "addresses that may and may not call",
        required: {},
        optional: { allow: cidrs(), deny: cidrs() },
        sample: '{"allow":["10.0.0.0/8"]}',
      }),
      {
        label: "APIs to addresses",
        names: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$", label: "the name of an API" },
        sample: '{"score":{"allow":["10.0.0.0/8"]}}',
      },
    ),
    default: {},
    reason: "the filter of the whole server is enough for most",
    doc: "Further filters of single APIs: both must let the caller through.",
  },
  "security.ipFilter.exempt": {
    type: listOf(text({ label: "the id of a public route", pattern: "^[A-Za-z0-9._-]{1,128}$" }), {
      label: "route ids",
      sample: '["healthz","readyz"]',
    }),
    default: [],
    reason: "probes usually come from inside",
    doc: "Public routes (`healthz`, `readyz`) that every address may ask.",
  },
  "security.edgeHeader": {
    type: orNull(
      objectOf({
        label: "a header's name and its secret value",
        required: { name: headerName, value: secret() },
        optional: {},
        sample: '{"name":"x-origin-verify","value":{"file":"/run/secrets/edge"}}',
      }),
    ),
    default: null,
    reason: "only an origin behind a gateway of its own needs it",
    doc: "Header with a secret value that every request but probes must bring, for a server that only a CDN or gateway may call.",
    secret: true,
  },
  "security.failedAuthentications": {
    type: orOff(
      objectOf({
        label: "how many failed tries an address has",
        required: { rate: integer({ min: 1, max: 1_000_000 }) },
        optional: { per: duration({ min: "1s", max: "1h" }) },
        sample: '{"rate":20,"per":"1m"}',
      }),
    ),
    default: { rate: 20, per: "1m" },
    reason: "a person mistypes a few times; a machine that guesses costs a signature or a hash each time",
    doc: "Refused credentials that one address (IPv4, IPv6 /64) may show; further ones get 429 before a hash or signature is computed. Credentials that were verified before are not held up.",
  },
  "security.rateLimits": {
    type: listOf(
      objectOf({
        label: "a rate limit",
        required: { rate: integer({ min: 1, max: 10_000_000 }), window: duration({ min: "1s", max: "24h" }) },
        optional: {
          burst: integer({ min: 1, max: 10_000_000 }),
          per: oneOf(["principal", "ip", "function", "apiKey"]),
          functions: listOf(apiName, { label: "APIs", sample: '["score"]' }),
          cost: oneOf(["calls", "rows"]),
        },
        sample: '{"rate":100,"window":"1m","per":"principal"}',
      }),
      { label: "rate limits", sample: '[{"rate":100,"window":"1m","per":"principal"}]' },
    ),
    default: [],
    reason: "only who runs the server knows what it bears",
    doc: "Calls (or rows) that each caller, address, API or key may make: `rate` in each `window`, `burst` at once (`rate` unless given). One count for the whole server, REST and gRPC alike; all that fit must allow.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
