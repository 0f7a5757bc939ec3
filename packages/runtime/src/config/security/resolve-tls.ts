import type { ReadKey } from "../keys.ts";
import type { CorsConfig, TlsConfig } from "./types.ts";

/** How connections are secured; null where no pair is named. What is named by halves is refused before. */
export function resolveTls(key: ReadKey): TlsConfig | null {
  const source = sourceOf(key);
  if (source === undefined) return null;
  return Object.freeze({
    source,
    keyPassphraseFile: key("server.tls.keyPassphraseFile"),
    cname: key("server.tls.cname"),
    profile: key("server.tls.profile"),
    clientAuth: key("server.tls.clientAuth"),
    clientCaFile: key("server.tls.clientCaFile"),
    crlFile: key("server.tls.crlFile"),
    cnFallback: key("server.tls.cnFallback"),
    httpRedirectPort: key("server.tls.httpRedirectPort"),
    acmeChallengeDir: key("server.tls.acmeChallengeDir"),
  });
}

function sourceOf(key: ReadKey): TlsConfig["source"] | undefined {
  const secretDir = key("server.tls.secretDir");
  if (secretDir !== null) return { kind: "secretDir", secretDir };
  const certFile = key("server.tls.certFile");
  const keyFile = key("server.tls.keyFile");
  return certFile === null || keyFile === null ? undefined : { kind: "files", certFile, keyFile };
}

/** Which pages of other sites may call. */
export function resolveCors(key: ReadKey): CorsConfig {
  return Object.freeze({
    origins: key("server.cors.origins"),
    credentials: key("server.cors.credentials"),
    exposedHeaders: key("server.cors.exposedHeaders"),
    maxAgeMs: key("server.cors.maxAge"),
  });
}
