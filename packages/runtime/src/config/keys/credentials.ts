import type { KeyRow } from "../key-row.ts";
import { access, claimPath, claimValues } from "../key-types-access.ts";
import { listOf, mapOf } from "../key-types-collections.ts";
import { localPath } from "../key-types-files.ts";
import { objectOf } from "../key-types-object.ts";
import { boolean, duration, orNull, text } from "../key-types.ts";

const words = text({ label: "a text" });
const texts = (label: string): ReturnType<typeof listOf<string>> => listOf(words, { label, sample: '["a"]' });

/** Parameters of an authorization and of its token request. Sources: RFC 6749, RFC 7636. */
const FLOW_PARAMETERS = [
  "client_id",
  "client_secret",
  "code",
  "code_challenge",
  "code_challenge_method",
  "code_verifier",
  "grant_type",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
] as const;

/** Keys about how callers show who they are and who of them may call. */
export const CREDENTIAL_KEYS = {
  "security.oidc.issuers": {
    type: listOf(
      objectOf({
        label: "an issuer of tokens",
        required: { issuer: words, audiences: texts("audiences") },
        optional: {
          issuerAliases: texts("issuers"),
          jwksUri: words,
          jwksFile: localPath("a file of keys"),
          discoveryUrl: words,
          ca: localPath("a PEM file"),
          fetchTokenFile: localPath("a file"),
          algorithms: texts("signature algorithms"),
          clockSkew: duration({ min: "0s", max: "300s" }),
          maxTokenAge: duration({ min: "1s", max: "24h" }),
          maxStale: duration({ min: "0s", max: "168h" }),
          typ: words,
          acceptIdTokens: boolean(),
          principal: objectOf({
            label: "the claim that names the caller",
            required: {},
            optional: {
              claim: claimPath(),
              prefix: text({ label: "a text", pattern: "^[^\\u0000-\\u001f\\u007f]{0,256}$" }),
            },
            sample: '{"claim":"/email"}',
          }),
          groupsClaim: claimPath(),
          clientIds: texts("client ids"),
          requiredClaims: mapOf(claimValues(), {
            label: "claims to their values",
            names: { pattern: "^[^\\u0000-\\u001f]{1,256}$", label: "the name of a claim or a JSON Pointer" },
            sample: '{"tenant":["ml"]}',
          }),
          requiredForReady: boolean(),
          docs: objectOf({
            label: "the documentation page as a client of the issuer",
            required: { clientId: words },
            optional: {
              scopes: texts("scopes"),
              parameters: mapOf(words, {
                label: "parameters of the issuer to their values",
                // What the code flow says itself, and what no page may hold.
                names: {
                  pattern: `^(?!(?:${FLOW_PARAMETERS.join("|")})$)[A-Za-z_]{1,64}$`,
                  label: `the name of a parameter other than ${FLOW_PARAMETERS.join(", ")}`,
                },
                sample: '{"audience":"models"}',
              }),
            },
            sample: '{"clientId":"models-docs"}',
          }),
        },
        sample: '{"issuer":"https://idp.example.com","audiences":["models"]}',
      }),
      { label: "issuers", sample: '[{"issuer":"https://idp.example.com","audiences":["models"]}]' },
    ),
    default: [],
    reason: "nobody's tokens are taken unless named",
    doc: "OpenID Connect issuers whose access tokens are taken, each with the audiences that a token must be for; every key of an entry is told in docs/security.md.",
  },
  "security.apiKeys.file": {
    type: orNull(localPath("a file of keys")),
    default: null,
    reason: "no keys unless a file is named",
    doc: 'File of API keys, a JSON object a line, as "bento-ts keys new" writes it; read again when it changes.',
  },
  "security.apiKeys.header": {
    type: text({ label: "a header's name in lower case", pattern: "^[a-z0-9-]{1,64}$" }),
    default: "x-api-key",
    reason: "the usual name",
    doc: "Header (gRPC metadata) with the API key; `Authorization: ApiKey …` is taken as well.",
  },
  "security.apiKeys.asBearer": {
    type: boolean(),
    default: false,
    reason: "a bearer token is an issuer's",
    doc: "Whether `Authorization: Bearer` may hold an API key, for clients that can send nothing else.",
  },
  "security.basic.htpasswdFile": {
    type: orNull(localPath("an htpasswd file")),
    default: null,
    reason: "no passwords unless a file is named",
    doc: 'Users and the hashes of their passwords, as "bento-ts htpasswd" and Apache\'s "htpasswd -B" write them; read again when it changes.',
  },
  "security.basic.secretDir": {
    type: orNull(localPath("a folder")),
    default: null,
    reason: "no passwords unless a secret is mounted",
    doc: "Mounted secret in place of the file: `auth` (an htpasswd file), or `username` and `password`.",
  },
  "security.basic.allowWeakHashes": {
    type: boolean(),
    default: false,
    reason: "MD5 and SHA-1 are tried by the billion each second",
    doc: "Whether `$apr1$` and `{SHA}` lines of the htpasswd file count.",
  },
  "security.authorization.functions": {
    type: mapOf(access(), {
      label: "APIs (or *) to rules",
      names: { pattern: "^(\\*|[A-Za-z_][A-Za-z0-9_]{0,127})$", label: "the name of an API, or *" },
      sample: '{"*":{"allow":[{"groups":["ml"]}]}}',
    }),
    default: {},
    reason: "the author's rules decide unless the platform narrows them",
    doc: "The platform's rules of who may call each API; `*` holds for all of them. The author's rules must allow as well.",
  },
  "security.authorization.rulesFile": {
    type: orNull(localPath("a YAML or JSON file")),
    default: null,
    reason: "the author's rules stand beside the code",
    doc: "Rules by API in place of the author's, so that access changes without a new image; read again when it changes. The platform's rules must allow as well.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
