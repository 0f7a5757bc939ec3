import { rmSync } from "node:fs";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { type Authority, createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import { fitLine } from "../bench/fit-line.ts";
import { grpcSurfaces } from "../contract/surfaces/grpc.ts";
import { httpSurfaces } from "../contract/surfaces/http.ts";
import type { Surface } from "../contract/surfaces/surface.ts";
import { bentoTs } from "../support/cli.ts";
import { mountSecret } from "../support/mounted-secret.ts";
import { makeProject, put } from "../support/run-command.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";
import { type Account, account } from "./account.ts";
import { metricsWhen, readWorkers, sumOf } from "./admin.ts";
import { createChance } from "./chance.ts";
import { holdOf, type ProcessHold } from "./handles.ts";
import { createHttpsExchange, type HttpsExchange } from "./https-exchange.ts";
import { createFaults, type Faults, type Ledger } from "./ledger.ts";
import { makeCalls } from "./make-calls.ts";
import { CERTIFICATE_NAMES, createTrouble, type Trouble } from "./trouble.ts";

export interface SoakOptions {
  readonly seed: number;
  /** Of each protocol, over all of its surfaces together. */
  readonly callsPerProtocol: number;
  /** Between two of them all connections are closed and memory and open files are read; in each a worker is killed and the certificate changed. */
  readonly steps: number;
  /** Told how far it is. */
  onStep?(step: number): void;
}

/** What a soak has found. */
export interface SoakReport extends Account {
  readonly calls: number;
  readonly kills: number;
  readonly swaps: number;
  /** After each step, of the worker that is never killed and of the supervisor. */
  readonly worker: readonly ProcessHold[];
  readonly supervisor: readonly ProcessHold[];
  /** What did not add up, a sentence each. */
  readonly faults: readonly string[];
}

interface Soaked {
  readonly server: ServerProcess;
  readonly dir: string;
  readonly authority: Authority;
  readonly key: string;
  readonly auditFile: string;
}

const CALLERS_PER_SURFACE = 2;

/** Calls a server with two workers over every protocol while its callers leave, send nonsense, its worker is killed and its certificate changes, and accounts for every call. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const soaked = await start();
  const { server, auditFile } = soaked;
  try {
    const ledger: Ledger = new Map();
    const faults = createFaults();
    const trouble = createTrouble({ ...soaked, adminUrl: server.adminUrl });
    const [survivor] = await readWorkers(server.adminUrl);
    const worker: ProcessHold[] = [];
    const supervisor: ProcessHold[] = [];
    for (let step = 0; step < options.steps; step += 1) {
      options.onStep?.(step);
      await runStep({ step, options, soaked, ledger, faults, trouble });
      await metricsWhen(server.adminUrl, "all connections are closed", (samples) => {
        return sumOf(samples, "bento_connections_open") === 0;
      });
      worker.push(holdOf(survivor?.pid ?? 0));
      supervisor.push(holdOf(server.pid));
    }
    const { kills, swaps } = trouble;
    const metrics = await metricsWhen(server.adminUrl, "no call is in progress", (samples) => {
      return sumOf(samples, "bento_requests_in_progress") === 0;
    });
    judgeHold("the worker", worker, faults);
    judgeHold("the supervisor", supervisor, faults);
    if ((await server.stop()) !== 0) faults.add("the server did not end in order", server.output().slice(-500));
    const result = await account({ auditFile, ledger, metrics, kills, faults });
    return { ...result, calls: ledger.size, kills: kills.length, swaps, worker, supervisor, faults: faults.list() };
  } finally {
    await server.stop();
    rmSync(soaked.dir, { recursive: true });
  }
}

async function start(): Promise<Soaked> {
  const authority = createAuthority();
  const { text: key, ...record } = createKey("soak");
  const keyLine = toKeyLine({
    ...record,
    owner: "soak",
    groups: [],
    scopes: [],
    functions: undefined,
    notBeforeMs: undefined,
    expiresMs: undefined,
  });
  const dir = makeProject({});
  put(dir, { "keys.jsonl": `${keyLine}\n` });
  const { cert, key: privateKey } = authority.issue("localhost", { san: CERTIFICATE_NAMES });
  mountSecret(join(dir, "tls"), { "tls.crt": cert, "tls.key": privateKey });
  const service = join(root, "test/soak/service.ts");
  await bentoTs(["proto", service, "-o", join(dir, "contract.proto")]);
  const auditFile = join(dir, "audit.jsonl");
  const server = await serve(service, {
    flags: ["--workers", "2", "--grpc-port", "0"],
    env: {
      BENTO_SERVER_TLS_SECRET_DIR: join(dir, "tls"),
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys.jsonl"),
      // All callers have one address, and mean to fail.
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: "off",
      BENTO_SECURITY_AUDIT_FILE: auditFile,
    },
  });
  return { server, dir, authority, key, auditFile };
}

async function runStep(of: {
  readonly step: number;
  readonly options: SoakOptions;
  readonly soaked: Soaked;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly trouble: Trouble;
}): Promise<void> {
  const { step, options, soaked, ledger, faults, trouble } = of;
  const exchange = createHttpsExchange(soaked.authority.ca);
  const surfaces = openSurfaces(soaked, exchange.send);
  const chance = createChance(options.seed + step);
  const counts = surfaces.map(({ protocol }) => {
    const sharing = surfaces.filter((other) => other.protocol === protocol).length;
    return Math.ceil(options.callsPerProtocol / options.steps / sharing);
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  const [killAt, swapAt] = [chance.whole(1, total >> 1), chance.whole(1, total >> 1)];
  const begun: Promise<void>[] = [];
  let ended = 0;
  const onCall = (): void => {
    ended += 1;
    if (ended === killAt) begun.push(trouble.kill());
    if (ended === swapAt) begun.push(trouble.swapCertificate());
  };
  const common = { callers: CALLERS_PER_SURFACE, key: soaked.key, ledger, faults, onCall };
  await Promise.all(
    surfaces.map((surface, at) =>
      makeCalls({ surface, calls: counts[at] ?? 0, chance: createChance(chance.whole(0, 2 ** 31)), ...common }),
    ),
  );
  await Promise.all(begun);
  for (const surface of surfaces) surface.close();
  exchange.close();
}

function openSurfaces({ server, authority, dir }: Soaked, send: HttpsExchange["send"]): readonly Surface[] {
  const addresses = { ...server, protoFile: join(dir, "contract.proto") };
  const security = credentials.createSsl(Buffer.from(authority.ca));
  // Each has a connection of its own, so that workers share the calls of gRPC. Addresses are no server names (RFC 6066, section 3).
  const options = { "grpc.use_local_subchannel_pool": 1, "grpc.ssl_target_name_override": "localhost" };
  return [...httpSurfaces(addresses, send), ...grpcSurfaces(addresses, { security, options })];
}

/** Growth of memory over the second half of the steps that is more than this share of it, beyond its noise, is a leak: heaps grow in steps. */
const LEAK_SHARE = 0.25;
/** Fewer samples than this say nothing about a slope. */
const MIN_SAMPLES = 5;

function judgeHold(name: string, holds: readonly ProcessHold[], faults: Faults): void {
  const files = holds.map(({ openFiles }) => openFiles);
  // The first step opens what is opened once.
  if ((files.at(-1) ?? 0) > (files[0] ?? 0)) faults.add(`${name} keeps files open`, files.join(", "));
  const half = holds.slice(holds.length >> 1).map(({ rssBytes }) => rssBytes / 2 ** 20);
  if (half.length < MIN_SAMPLES) return;
  const { slope, noise } = fitLine(half);
  const mean = half.reduce((sum, one) => sum + one, 0) / half.length;
  if ((slope - 2 * noise) * half.length > mean * LEAK_SHARE)
    faults.add(`the memory of ${name} grows`, `${half.map((one) => one.toFixed(0)).join(", ")} MiB`);
}
