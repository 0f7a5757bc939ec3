import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { TlsPair } from "./tls-pair.ts";

/** Which ciphers are spoken: `modern` is TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers, `compat` adds RSA key exchange and CBC for old clients. */
export type TlsProfile = "modern" | "compat";

/** A pair and how it is used; `ca` is the bundle that client certificates are checked against, never the machine's own roots. */
export interface TlsMaterial {
  readonly pair: TlsPair;
  readonly profile: TlsProfile;
  readonly ca?: string | undefined;
  readonly crl?: string | undefined;
}

const MODERN = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];
const OLD = [
  "ECDHE-RSA-AES128-SHA256",
  "ECDHE-RSA-AES128-SHA",
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA256",
  "AES128-SHA",
];

/** What connections are secured with: TLS 1.2 and 1.3, our order of ciphers, no renegotiation and no compression. Source: security.md A8. */
export function tlsOptions({ pair, profile, ca, crl }: TlsMaterial): SecureContextOptions {
  return {
    cert: pair.cert,
    key: pair.key,
    ...(pair.passphrase === undefined ? {} : { passphrase: pair.passphrase }),
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    minVersion: "TLSv1.2",
    ciphers: [...MODERN, ...(profile === "compat" ? OLD : [])].join(":"),
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_NO_RENEGOTIATION,
  };
}
