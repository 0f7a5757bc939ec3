import type { KeyRow } from "../key-row.ts";
import { localPath } from "../key-types-files.ts";
import { host } from "../key-types-network.ts";
import { boolean, integer, oneOf, orNull } from "../key-types.ts";

const file = orNull(localPath("a PEM file"));

/** Keys about how connections are secured. */
export const TLS_KEYS = {
  "server.tls.certFile": {
    type: file,
    default: null,
    reason: "no TLS unless a pair is named",
    doc: "Certificate chain of the server in PEM, its own certificate first; with `server.tls.keyFile`.",
  },
  "server.tls.keyFile": {
    type: file,
    default: null,
    reason: "no TLS unless a pair is named",
    doc: "Private key of the certificate in PEM.",
  },
  "server.tls.keyPassphraseFile": {
    type: orNull(localPath("a file")),
    default: null,
    reason: "keys are seldom encrypted where a server reads them",
    doc: "File with the passphrase of an encrypted key.",
  },
  "server.tls.secretDir": {
    type: orNull(localPath("a folder")),
    default: null,
    reason: "no TLS unless a pair is named",
    doc: "Mounted secret in place of the two files: `tls.crt` and `tls.key` (and `ca.crt`), or `cert.pem` and `key.pem`.",
  },
  "server.tls.cname": {
    type: orNull(host()),
    default: null,
    reason: "only who deploys knows by which name callers come",
    doc: "Name that the certificate must be for.",
  },
  "server.tls.profile": {
    type: oneOf(["modern", "compat"]),
    default: "modern",
    reason: "TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers alone",
    doc: "Ciphers; `compat` adds RSA key exchange and CBC for old clients.",
  },
  "server.tls.clientAuth": {
    type: oneOf(["off", "request", "require"]),
    default: "off",
    reason: "most callers have no certificate",
    doc: "Certificates of callers (mTLS): not asked for, taken where they are shown, or demanded in the handshake.",
  },
  "server.tls.clientCaFile": {
    type: file,
    default: null,
    reason: "the machine's own authorities must not decide who may call",
    doc: "Authorities that callers' certificates are checked against, in PEM; `ca.crt` of `server.tls.secretDir` unless given.",
  },
  "server.tls.crlFile": {
    type: file,
    default: null,
    reason: "no list unless an authority publishes one",
    doc: "Revoked certificates of callers, in PEM.",
  },
  "server.tls.cnFallback": {
    type: boolean(),
    default: false,
    reason: "a common name is not checked by what authorities promise",
    doc: "Whether a caller's certificate without alternative names may name them by its common name.",
  },
  "server.tls.httpRedirectPort": {
    type: orNull(integer({ min: 0, max: 65_535 })),
    default: null,
    reason: "no plain port unless asked for",
    doc: "Port that sends plain HTTP requests on to HTTPS and answers ACME challenges; it never serves a prediction.",
  },
  "server.tls.acmeChallengeDir": {
    type: orNull(localPath("a folder")),
    default: null,
    reason: "certificates usually come from elsewhere",
    doc: "Folder of the files that `/.well-known/acme-challenge/` shows at the redirect port.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
