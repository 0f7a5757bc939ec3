import { request } from "node:http";
import type { ConnectionOptions } from "node:tls";
import { checkCertificate } from "./check-certificate.ts";
import type { Finding } from "./check.ts";
import { failureText } from "./failure-text.ts";
import { type Handshake, shakeHands } from "./handshake.ts";
import type { Place } from "./place.ts";

/** How a place secures its connections. */
export async function checkTls(place: Place, nowMs: number): Promise<readonly Finding[]> {
  let shown: Handshake;
  try {
    shown = await shakeAsCallers(place);
  } catch (cause) {
    return [{ check: "protocols", level: "problem", message: `no TLS connection comes about: ${failureText(cause)}` }];
  }
  return [
    ...checkCertificate(shown, place, nowMs),
    await checkVersions(shown, place),
    await checkSuites(place),
    checkAlpn(shown, place),
    await checkPlain(place),
  ];
}

/** Offers the protocols that callers offer. A server that ends a handshake for want of HTTP/2 is offered HTTP/1.1 too: its certificate is worth a look all the same. */
async function shakeAsCallers(place: Place): Promise<Handshake> {
  const any = { ALPNProtocols: ["h2", "http/1.1"] };
  if (place.transport === "REST") return shakeHands(place, any);
  return shakeHands(place, { ALPNProtocols: ["h2"] }).catch(() => shakeHands(place, any));
}

/** What this OpenSSL would not offer by itself. */
const ANY_STRENGTH = "DEFAULT:@SECLEVEL=0";

async function checkVersions({ version, cipher }: Handshake, place: Place): Promise<Finding> {
  const check = "protocols";
  const old = await offer(place, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: ANY_STRENGTH });
  if (typeof old === "object")
    return { check, level: "problem", message: `${old.version} is taken: only TLS 1.2 and 1.3 are safe` };
  if (old === "not offered")
    return {
      check,
      level: "skipped",
      message: `${version} with ${cipher}; this machine can't offer TLS 1.1 to see it refused`,
    };
  const agreed = `${version} with ${cipher}, nothing older than TLS 1.2`;
  return {
    check,
    level: version === "TLSv1.3" ? "ok" : "warning",
    message: version === "TLSv1.3" ? agreed : `${agreed}, and no TLS 1.3`,
  };
}

/** Suites without forward secrecy, or with CBC. */
const WEAK_SUITES = [
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA",
  "AES256-SHA",
  "AES128-SHA256",
  "AES256-SHA256",
  "ECDHE-RSA-AES128-SHA",
  "ECDHE-RSA-AES256-SHA",
  "ECDHE-ECDSA-AES128-SHA",
  "ECDHE-ECDSA-AES256-SHA",
];

async function checkSuites(place: Place): Promise<Finding> {
  const check = "suites";
  const ciphers = [...WEAK_SUITES, "@SECLEVEL=0"].join(":");
  const weak = await offer(place, { minVersion: "TLSv1.2", maxVersion: "TLSv1.2", ciphers });
  return typeof weak === "object"
    ? {
        check,
        level: "warning",
        message: `${weak.cipher} is taken, which has no forward secrecy or no authenticated encryption`,
      }
    : { check, level: "ok", message: "suites without forward secrecy or authenticated encryption are refused" };
}

async function offer(place: Place, options: ConnectionOptions): Promise<Handshake | "refused" | "not offered"> {
  try {
    return await shakeHands(place, options);
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    return /NO_PROTOCOLS_AVAILABLE|NO_CIPHER_MATCH|NO_CIPHERS_AVAILABLE/.test(code) ? "not offered" : "refused";
  }
}

function checkAlpn({ alpn }: Handshake, { transport }: Place): Finding {
  const check = "alpn";
  if (transport === "gRPC")
    return alpn === "h2"
      ? { check, level: "ok", message: "HTTP/2 is agreed on" }
      : {
          check,
          level: "problem",
          message: "the server does not agree on HTTP/2 (ALPN h2), which gRPC's clients need",
        };
  return {
    check,
    level: "ok",
    message: alpn === undefined ? "the server names no protocol: HTTP/1.1" : `${alpn} is agreed on`,
  };
}

const PLAIN_TIMEOUT_MS = 5_000;

/** Whether the same port gives content to who does not encrypt. */
async function checkPlain({ host, port }: Place): Promise<Finding> {
  const check = "plain";
  const status = await new Promise<number | undefined>((resolve) => {
    const signal = AbortSignal.timeout(PLAIN_TIMEOUT_MS);
    const asked = request({ host, port, path: "/healthz", signal, agent: false }, (response) => {
      resolve(response.statusCode);
      response.on("error", () => undefined).destroy();
    });
    asked.on("error", () => resolve(undefined)).end();
  });
  return status !== undefined && status >= 200 && status < 300
    ? { check, level: "problem", message: `the port answers plain HTTP too, with ${status}` }
    : { check, level: "ok", message: "plain HTTP on this port is answered with no content" };
}
