import { isVouchedHeader } from "../../call/forged-headers.ts";
import { originFault } from "../../call/origin.ts";
import type { Problem } from "../../errors.ts";
import type { ReadKey } from "../keys.ts";
import type { SecretRef } from "../key-types-secret.ts";
import { isLoopback } from "../start-rule.ts";

/** Faults that lie between keys of security and TLS; each names the keys. */
export function securityConflicts(key: ReadKey): readonly Problem[] {
  return [
    ...tlsConflicts(key),
    ...credentialConflicts(key),
    ...corsConflicts(key),
    ...webhookConflicts(key),
    ...inlineSecrets(key),
  ];
}

function tlsConflicts(key: ReadKey): readonly Problem[] {
  const [cert, keyFile, dir] = [key("server.tls.certFile"), key("server.tls.keyFile"), key("server.tls.secretDir")];
  const problems: Problem[] = [];
  const add = (path: string, message: string): void => void problems.push({ path, message });
  if (dir !== null && (cert !== null || keyFile !== null))
    add(
      "server.tls.secretDir",
      "expected either the folder or the two files server.tls.certFile and keyFile, got both",
    );
  else if (dir === null && (cert === null) !== (keyFile === null)) {
    const missing = cert === null ? "certFile" : "keyFile";
    add(
      `server.tls.${missing}`,
      "expected both files of the pair, server.tls.certFile and server.tls.keyFile, got one",
    );
  }
  if (dir === null && cert === null && keyFile === null) {
    const needs = (["clientCaFile", "crlFile", "keyPassphraseFile", "httpRedirectPort", "cname"] as const)
      .map((name) => `server.tls.${name}` as const)
      .filter((path) => key(path) !== null);
    for (const path of needs) add(path, "needs a pair: server.tls.certFile and keyFile, or server.tls.secretDir");
    if (key("server.tls.clientAuth") !== "off")
      add("server.tls.clientAuth", "needs a pair: server.tls.certFile and keyFile, or server.tls.secretDir");
  } else if (key("security.allowInsecureConnections"))
    add(
      "security.allowInsecureConnections",
      "contradicts server.tls: connections are secured, leave one of the two out",
    );
  if (key("server.tls.clientAuth") !== "off" && key("server.tls.clientCaFile") === null && dir === null)
    add("server.tls.clientCaFile", "expected the authorities of callers' certificates: the machine's own never count");
  const redirectPort = key("server.tls.httpRedirectPort");
  if (
    redirectPort !== null &&
    redirectPort !== 0 &&
    [key("server.port"), key("server.grpcPort")].includes(redirectPort)
  )
    add("server.tls.httpRedirectPort", "expected a port of its own: this one is spoken on with TLS");
  if (key("server.tls.acmeChallengeDir") !== null && key("server.tls.httpRedirectPort") === null)
    add("server.tls.acmeChallengeDir", "needs server.tls.httpRedirectPort: challenges are asked for over plain HTTP");
  return problems;
}

function credentialConflicts(key: ReadKey): readonly Problem[] {
  const problems: Problem[] = [];
  if (key("security.basic.htpasswdFile") !== null && key("security.basic.secretDir") !== null)
    problems.push({
      path: "security.basic.secretDir",
      message: "expected either the folder or security.basic.htpasswdFile, got both",
    });
  if (key("security.apiKeys.header") === "authorization")
    problems.push({
      path: "security.apiKeys.header",
      message: 'expected a header of its own: "Authorization: ApiKey …" is taken in any case',
    });
  else if (isVouchedHeader(key("security.apiKeys.header")))
    problems.push({
      path: "security.apiKeys.header",
      message: "expected a header that callers may send: this one counts from trusted proxies alone",
    });
  return problems;
}

function corsConflicts(key: ReadKey): readonly Problem[] {
  const origins = key("server.cors.origins");
  const problems: Problem[] = origins.flatMap((origin, index) => {
    const message = originFault(origin);
    return message === undefined
      ? []
      : [{ path: `server.cors.origins[${index}]`, message: `${message}, got ${origin}` }];
  });
  if (origins.includes("*") && key("server.cors.credentials"))
    problems.push({
      path: "server.cors.credentials",
      message: 'contradicts the origin "*": any page could call with its visitor\'s cookies',
    });
  return problems;
}

function webhookConflicts(key: ReadKey): readonly Problem[] {
  const url = key("security.audit.webhook")?.url;
  if (url === undefined) return [];
  const path = "security.audit.webhook.url";
  if (!URL.canParse(url)) return [{ path, message: "expected an https URL" }];
  const { protocol, hostname, username, password } = new URL(url);
  const problems: Problem[] = [];
  if (protocol !== "https:" && !isLoopback(hostname.replaceAll(/[[\]]/g, "")))
    problems.push({ path, message: "expected https: records name callers; http is for loopback addresses alone" });
  if (username !== "" || password !== "")
    problems.push({
      path,
      message: "expected no user and password: security.audit.webhook.authorization carries them",
    });
  return problems;
}

function inlineSecrets(key: ReadKey): readonly Problem[] {
  if (key("security.allowInlineSecrets")) return [];
  const secrets: readonly [string, SecretRef | undefined][] = [
    ["security.edgeHeader.value", key("security.edgeHeader")?.value],
    ["security.audit.webhook.authorization", key("security.audit.webhook")?.authorization],
  ];
  return secrets
    .filter(([, ref]) => ref?.kind === "inline")
    .map(([path]) => ({
      path,
      message:
        'expected { file: "/path" } or { env: "NAME" }; a secret in the configuration needs security.allowInlineSecrets',
    }));
}
