import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createTestKey,
  serveKeys,
  signToken,
  startTestIdp,
  type TestIdp,
  type TestKey,
} from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { grpcSurfaces } from "../contract/surfaces/grpc.ts";
import { httpSurfaces } from "../contract/surfaces/http.ts";
import type { Answer, Surface } from "../contract/surfaces/surface.ts";
import { Contract } from "../contract/service/service.ts";
import { bentoTs } from "../support/cli.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { root } from "../support/server-process.ts";

/** One line of the audit file, the fields that are read here. */
export interface AuditLine {
  readonly requestId: string;
  readonly protocol: string;
  readonly function: string | null;
  readonly principal: string | null;
  readonly decision: string;
  readonly reason: string | null;
  readonly status: number;
}

/** A server under attack: an issuer beside it, an audit file, and every surface that it answers on. */
export interface AttackedServer {
  readonly service: ListeningService;
  readonly idp: TestIdp;
  /** Keys of the issuer. */
  readonly keys: Readonly<Record<"rsa" | "ec", TestKey>>;
  readonly surfaces: readonly Surface[];
  readonly dir: string;
  /** Port of REST. */
  readonly port: number;
  /** Port of gRPC. */
  readonly grpcPort: number;
  /** What was logged so far. */
  logText(): string;
  auditText(): string;
  auditLines(): readonly AuditLine[];
  /** A good token of the issuer, its claims over the usual ones. */
  token(claims?: object): string;
  close(): Promise<void>;
}

/** The claim that the rule of the server asks for, its name and its value: no answer may tell them. */
export const WANTED = { claim: "clearance-4711", value: "scorer-7f3a" } as const;

/** What a good caller's token says beside the times. */
export function goodClaims(issuer: string): Record<string, unknown> {
  const nowS = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: "models-aud-9c",
    sub: "ada",
    iat: nowS,
    nbf: nowS,
    exp: nowS + 3_600,
    [WANTED.claim]: WANTED.value,
  };
}

/** Starts a server that takes tokens of one issuer and asks a claim of callers; `env` adds to its configuration. */
export async function startAttacked(
  env: (place: { readonly dir: string; readonly issuer: string }) => Readonly<Record<string, string>> = () => ({}),
): Promise<AttackedServer> {
  const keys = { rsa: createTestKey("RS256", "rsa"), ec: createTestKey("ES256", "ec") };
  const idp = await startTestIdp(serveKeys([keys.rsa.jwk, keys.ec.jwk]));
  const dir = mkdtempSync(join(tmpdir(), "bento-attacked-"));
  const protoFile = join(dir, "contract.proto");
  await bentoTs(["proto", join(root, "test/contract/service/service.ts"), "-o", protoFile]);
  const log: string[] = [];
  const auditFile = join(dir, "audit.jsonl");
  const service = await listen(Contract, {
    env: {
      BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
        { issuer: idp.origin, audiences: ["models-aud-9c"], jwksUri: `${idp.origin}/keys`, groupsClaim: "groups" },
      ]),
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify({
        "*": { allow: [{ claim: `/${WANTED.claim}`, anyOf: [WANTED.value] }] },
      }),
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: "off",
      BENTO_SECURITY_AUDIT_FILE: auditFile,
      BENTO_TELEMETRY_LOG_LEVEL: "debug",
      ...env({ dir, issuer: idp.origin }),
    },
    onLogLine: (line) => void log.push(line),
  });
  const addresses = { ...service, protoFile };
  const surfaces = [...httpSurfaces(addresses), ...grpcSurfaces(addresses)];
  const auditText = (): string => readFileSync(auditFile, "utf8");
  return {
    service,
    idp,
    keys,
    surfaces,
    dir,
    port: Number(new URL(service.url).port),
    grpcPort: Number(service.grpcAddress.split(":")[1]),
    logText: () => log.join(""),
    auditText,
    auditLines: () =>
      auditText()
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditLine),
    token: (claims = {}) => signToken(keys.rsa, { ...goodClaims(idp.origin), ...claims }),
    close: async () => {
      for (const surface of surfaces) surface.close();
      await service.close();
      await idp.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Two rows of numbers; what comes of them is the double. */
export const ROWS = [
  [1, 2],
  [3, 4],
] as const;

/** What an attack must come to on each transport. Source: security.md A4. */
export const OUTCOMES = {
  served: { http: 200, grpc: 0 },
  unauthenticated: { http: 401, grpc: 16 },
  denied: { http: 403, grpc: 7 },
  limited: { http: 429, grpc: 8 },
  unavailable: { http: 503, grpc: 14 },
} as const;

/** How a call with these headers ended on each surface, for one look at all of them: surface → outcome's name, or what came instead. */
export async function tryEverywhere(
  { surfaces }: Pick<AttackedServer, "surfaces">,
  headers: Readonly<Record<string, string>>,
  look: (answer: Answer, surface: Surface) => void = () => undefined,
): Promise<Readonly<Record<string, string>>> {
  const ends = await Promise.all(
    surfaces.map(async (surface) => {
      const answer = await surface.call(ROWS, { headers });
      look(answer, surface);
      return [surface.name, outcomeOf(surface, answer)] as const;
    }),
  );
  return Object.fromEntries(ends);
}

/** The same outcome on every surface, in the form of `tryEverywhere`. */
export function everywhere(
  { surfaces }: Pick<AttackedServer, "surfaces">,
  outcome: keyof typeof OUTCOMES,
): Readonly<Record<string, string>> {
  return Object.fromEntries(surfaces.map(({ name }) => [name, outcome]));
}

/** The name of an outcome, or what came instead. */
export function outcomeOf({ transport }: Surface, { status, error }: Answer): string {
  const [name] = Object.entries(OUTCOMES).find(([, row]) => row[transport] === status) ?? [];
  return name ?? `${status} ${error}`;
}
