import { type Problem, ServingError } from "../../errors.ts";
import { type Algorithm, ALGORITHMS, isAlgorithm } from "./algorithms.ts";
import type { ClaimPath, RuleValue } from "../../definition/access/types.ts";
import { parseClaimPath } from "../claim-path.ts";
import { wellKnownUrl } from "./discovery-url.ts";
import { issuerPrefixes } from "./issuer-prefixes.ts";
import { parseSecureUrl } from "./secure-url.ts";
import type { DocsClient, IssuerOptions, KeyLocation, RequiredClaim, ResolvedIssuer } from "./types.ts";

/**
 * Makes every choice that the owner of the issuers left open.
 *
 * Throws FAILED_PRECONDITION with all mistakes by JSON Pointer: closed by default, so an entry without audiences or with a secret-key algorithm stops the start.
 */
export function resolveIssuers(entries: readonly IssuerOptions[]): readonly ResolvedIssuer[] {
  const problems: Problem[] = [];
  if (entries.length > MAX_ISSUERS)
    problems.push({ path: "", message: `expected at most ${MAX_ISSUERS} issuers, got ${entries.length}` });
  const names = new Set<string>();
  const prefixes = issuerPrefixes(entries);
  const issuers = entries.map((entry, index) => {
    const check: Check = createCheck(`/${index}`, problems);
    for (const name of [entry.issuer, ...(entry.issuerAliases ?? [])]) {
      if (names.has(name)) check.add("/issuer", `${JSON.stringify(name)} is configured twice`);
      names.add(name);
    }
    const taken = prefixes.findIndex(
      (other, place) => entries[place]?.issuer !== entry.issuer && other.startsWith(prefixes[index] ?? ""),
    );
    if (taken >= 0)
      check.add(
        "/principal/prefix",
        `${JSON.stringify(prefixes[index])} begins that of [${taken}], ${JSON.stringify(prefixes[taken])}: callers of this issuer could have the names of its callers; expected one that begins no other`,
      );
    return resolveIssuer(entry, check, prefixes[index] ?? "");
  });
  // The page has one client id for all that it signs in with.
  const signingIn = issuers.flatMap(({ docs }, index) => (docs === undefined ? [] : [index]));
  for (const index of signingIn.slice(1))
    problems.push({ path: `/${index}/docs`, message: "expected one issuer that the documentation signs in with" });
  if (problems.length === 0) return issuers;
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  throw new ServingError("FAILED_PRECONDITION", `issuers: ${lines.join("; ")}`, { problems });
}

const MAX_ISSUERS = 64;
/** Clocks of servers that are kept in time differ by less. */
const DEFAULT_SKEW_MS = 60_000;
const MAX_SKEW_MS = 300_000;
/** A provider that is out for a day is seen to; until then its keys are still its keys. */
const DEFAULT_STALE_MS = 86_400_000;
const DEFAULT_ALGORITHMS = Object.keys(ALGORITHMS)
  .filter(isAlgorithm)
  .filter((name) => ALGORITHMS[name].isDefault);

/** Collects the mistakes of one entry. */
interface Check {
  add(path: string, message: string): void;
  /** What `read` gives, or undefined and a mistake when it throws RangeError. */
  run<T>(path: string, read: () => T): T | undefined;
}

function createCheck(base: string, problems: Problem[]): Check {
  const add = (path: string, message: string): void => void problems.push({ path: base + path, message });
  return {
    add,
    run: (path, read) => {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        add(path, error.message);
        return undefined;
      }
    },
  };
}

function resolveIssuer(entry: IssuerOptions, check: Check, prefix: string): ResolvedIssuer {
  const { issuer } = entry;
  const path = (name: string, claim: ClaimPath): readonly string[] =>
    check.run(name, () => parseClaimPath(claim)) ?? [];
  if (/^http:/i.test(issuer)) check.run("/issuer", () => parseSecureUrl(issuer));
  if (entry.typ !== undefined && entry.typ !== "at+jwt")
    check.add("/typ", `expected at+jwt, got ${JSON.stringify(entry.typ)}`);
  return {
    issuer,
    names: namesOf(entry, check),
    keys: {
      location: locationOf(entry, check),
      caFile: entry.ca,
      tokenFile: entry.fetchTokenFile,
      maxStaleMs: durationOf(entry.maxStaleMs, "/maxStaleMs", check) ?? DEFAULT_STALE_MS,
    },
    requiredForReady: entry.requiredForReady ?? true,
    docs: docsOf(entry, check),
    token: {
      algorithms: new Set(algorithmsOf(entry.algorithms, check)),
      audiences: new Set(textsOf(entry.audiences, "/audiences", check)),
      clockSkewMs: skewOf(entry.clockSkewMs, check),
      maxTokenAgeMs: durationOf(entry.maxTokenAgeMs, "/maxTokenAgeMs", check),
      isAccessTokenOnly: entry.typ === "at+jwt",
      acceptIdTokens: entry.acceptIdTokens ?? false,
      clientIds: entry.clientIds === undefined ? undefined : new Set(textsOf(entry.clientIds, "/clientIds", check)),
      requiredClaims: Object.entries(entry.requiredClaims ?? {}).map(([name, values]) =>
        requiredClaim(path(`/requiredClaims/${name}`, name), values),
      ),
    },
    principal: {
      issuer,
      prefix,
      claim: path("/principal/claim", entry.principal?.claim ?? "sub"),
      groupsClaim: entry.groupsClaim === undefined ? undefined : path("/groupsClaim", entry.groupsClaim),
    },
  };
}

function namesOf(entry: IssuerOptions, check: Check): readonly string[] {
  if (entry.issuer === "") check.add("/issuer", "expected text, got an empty one");
  if (entry.issuerAliases?.includes("")) check.add("/issuerAliases", "expected text, got an empty one");
  return [entry.issuer, ...(entry.issuerAliases ?? [])];
}

function locationOf(entry: IssuerOptions, check: Check): KeyLocation {
  const { issuer, jwksFile, jwksUri, discoveryUrl } = entry;
  if ([jwksFile, jwksUri, discoveryUrl].filter((given) => given !== undefined).length > 1)
    check.add("", "expected one of jwksUri, jwksFile and discoveryUrl, got several");
  if (jwksFile !== undefined) return { kind: "file", path: jwksFile };
  const secure = (path: string, url: string): string => check.run(path, () => parseSecureUrl(url).href) ?? url;
  if (jwksUri !== undefined) return { kind: "url", url: secure("/jwksUri", jwksUri) };
  const place = discoveryUrl === undefined ? "/issuer" : "/discoveryUrl";
  return { kind: "discovery", url: secure(place, discoveryUrl ?? wellKnownUrl(issuer)), issuer };
}

function docsOf({ issuer, discoveryUrl, docs }: IssuerOptions, check: Check): DocsClient | undefined {
  if (docs === undefined) return undefined;
  const url = discoveryUrl ?? wellKnownUrl(issuer);
  check.run("/docs", () => parseSecureUrl(url));
  return {
    clientId: docs.clientId,
    scopes: docs.scopes ?? ["openid"],
    parameters: docs.parameters ?? {},
    discoveryUrl: url,
  };
}

function algorithmsOf(names: readonly string[] | undefined, check: Check): readonly Algorithm[] {
  if (names === undefined) return DEFAULT_ALGORITHMS;
  const known = names.filter(isAlgorithm);
  const others = names.filter((name) => !isAlgorithm(name)).map((name) => JSON.stringify(name));
  const expected = `expected some of ${Object.keys(ALGORITHMS).join(", ")}`;
  if (others.length > 0) check.add("/algorithms", `${expected}, got ${others.join(", ")}`);
  if (names.length === 0) check.add("/algorithms", `${expected}, got none`);
  return known;
}

function textsOf(texts: readonly string[] | undefined, path: string, check: Check): readonly string[] {
  if (texts === undefined || texts.length === 0) check.add(path, "expected at least one");
  if (texts?.includes("")) check.add(path, "expected text, got an empty one");
  return texts ?? [];
}

function skewOf(skewMs: number | undefined, check: Check): number {
  const given = durationOf(skewMs, "/clockSkewMs", check) ?? DEFAULT_SKEW_MS;
  if (given > MAX_SKEW_MS) check.add("/clockSkewMs", `expected at most ${MAX_SKEW_MS} ms, got ${given}`);
  return given;
}

function durationOf(ms: number | undefined, path: string, check: Check): number | undefined {
  if (ms !== undefined && !(Number.isFinite(ms) && ms >= 0))
    check.add(path, `expected a number of milliseconds from 0, got ${ms}`);
  return ms;
}

function requiredClaim(path: readonly string[], values: RuleValue | readonly RuleValue[]): RequiredClaim {
  return { path, anyOf: typeof values === "object" ? values : [values] };
}
