import { checkServerIdentity, type DetailedPeerCertificate } from "node:tls";
import type { Finding } from "./check.ts";
import type { Handshake } from "./handshake.ts";
import type { Place } from "./place.ts";

/** Chain, names and dates of the certificate that a place shows. */
export function checkCertificate(shown: Handshake, place: Place, nowMs: number): readonly Finding[] {
  return [checkChain(shown, place), checkNames(shown, place), checkExpiry(shown, nowMs)];
}

function checkChain({ chainFault, certificate }: Handshake, { ca }: Place): Finding {
  const check = "chain";
  const trusted = ca === undefined ? "an authority that Node knows" : "an authority of --ca";
  if (chainFault === undefined)
    return { check, level: "ok", message: `the chain leads to ${trusted} (${issuerOf(certificate)})` };
  if (DATES.has(chainFault))
    return { check, level: "skipped", message: "a certificate of the chain is out of its dates" };
  const reason = CHAIN_FAULTS[chainFault] ?? `verification ends with ${chainFault}`;
  return { check, level: "problem", message: `the chain does not lead to ${trusted}: ${reason}` };
}

const DATES: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

const CHAIN_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its root is not known; --ca names another",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the issuer's certificate is missing, the server has to send the whole chain, or --ca is another's",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "an issuer's certificate is missing from what the server sends, or --ca is another's",
};

function issuerOf({ issuer }: DetailedPeerCertificate): string {
  return [issuer.CN ?? issuer.O ?? "without a name"].flat().join(", ");
}

function checkNames({ certificate }: Handshake, { host }: Place): Finding {
  const check = "names";
  const names = certificate.subjectaltname ?? "";
  // A common name does not count: no client looks at it any more (RFC 9525, section 6.3).
  if (names === "") return { check, level: "problem", message: "the certificate names no host (subjectAltName)" };
  const fault = checkServerIdentity(host, certificate);
  return fault === undefined
    ? { check, level: "ok", message: `the certificate is for ${host}` }
    : { check, level: "problem", message: `the certificate is not for ${host}: it names ${names}` };
}

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

/** Of all certificates that were sent, the one that ends first. */
function checkExpiry({ certificate }: Handshake, nowMs: number): Finding {
  const check = "expiry";
  const dates = chainOf(certificate).map((one) => ({
    name: [one.subject.CN ?? one.subject.O ?? "a certificate"].flat().join(", "),
    fromMs: Date.parse(one.valid_from),
    toMs: Date.parse(one.valid_to),
  }));
  const early = dates.find(({ fromMs }) => fromMs > nowMs);
  if (early !== undefined)
    return { check, level: "problem", message: `${early.name} is not valid before ${isoOf(early.fromMs)}` };
  const { name, toMs } = dates.reduce((first, one) => (one.toMs < first.toMs ? one : first));
  const days = Math.floor((toMs - nowMs) / DAY_MS);
  if (toMs <= nowMs) return { check, level: "problem", message: `${name} has expired on ${isoOf(toMs)}` };
  return {
    check,
    level: days <= WARN_DAYS ? "warning" : "ok",
    message: `${name} ends in ${days} days, on ${isoOf(toMs)}`,
  };
}

function chainOf(certificate: DetailedPeerCertificate): readonly DetailedPeerCertificate[] {
  const chain = [certificate];
  for (
    let next = certificate.issuerCertificate;
    next !== undefined && !chain.includes(next);
    next = next.issuerCertificate
  )
    chain.push(next);
  return chain;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
