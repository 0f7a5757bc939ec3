import { join } from "node:path";
import type { Authority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import { swapSecret } from "../support/mounted-secret.ts";
import { metricsWhen, readMetrics, readWorkers, sumOf } from "./admin.ts";

/** A death of a worker, in milliseconds of the wall clock. */
export interface Kill {
  /** When the metrics were last asked for before it. */
  readonly readMs: number;
  /** From then on calls may be cut, */
  readonly sentMs: number;
  /** up to here, where all workers are ready again. */
  readonly untilMs: number;
}

/** What is done to a server while it is called. */
export interface Trouble {
  /** Kills the worker with the highest number and waits until another is ready in its place. */
  kill(): Promise<void>;
  /** Puts another certificate in the place of the server's and waits until it is used. */
  swapCertificate(): Promise<void>;
  readonly kills: readonly Kill[];
  readonly swaps: number;
}

/** Names that the server's certificates are good for. */
export const CERTIFICATE_NAMES = "DNS:localhost,IP:127.0.0.1";

/** Makes trouble for a server with two workers whose pair is mounted at `dir`/tls. */
export function createTrouble(options: {
  readonly adminUrl: string;
  readonly dir: string;
  readonly authority: Authority;
}): Trouble {
  const { adminUrl, dir, authority } = options;
  const kills: Kill[] = [];
  let swaps = 0;
  return {
    kills,
    get swaps() {
      return swaps;
    },
    async kill() {
      const pid = (await readWorkers(adminUrl)).at(-1)?.pid;
      if (pid === undefined) throw new Error("the last worker has no process to kill");
      const readMs = Date.now();
      // What a worker has counted since it was last asked dies with it; this is asked so that it is little.
      await readMetrics(adminUrl);
      const sentMs = Date.now();
      const at = kills.push({ readMs, sentMs, untilMs: Infinity }) - 1;
      process.kill(pid, "SIGKILL");
      await metricsWhen(adminUrl, `kill ${at + 1} is counted, and all workers are ready`, (samples) => {
        const deaths = sumOf(samples, "bento_worker_replacements_total", { reason: "death" });
        return deaths > at && sumOf(samples, "bento_ready") === 1;
      });
      kills[at] = { readMs, sentMs, untilMs: Date.now() };
    },
    async swapCertificate() {
      const { cert, key } = authority.issue("localhost", { san: CERTIFICATE_NAMES });
      swapSecret(join(dir, "tls"), { "tls.crt": cert, "tls.key": key });
      swaps += 1;
      await metricsWhen(adminUrl, `reload ${swaps} of the certificate is counted`, (samples) => {
        return sumOf(samples, "bento_tls_reloads_total", { outcome: "ok" }) >= swaps;
      });
    },
  };
}
