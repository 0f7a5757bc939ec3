import { setTimeout as sleep } from "node:timers/promises";

/** One number of the metrics. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A worker as the admin port tells of it. */
export interface WorkerFacts {
  readonly id: number;
  readonly pid?: number;
  readonly phase: string;
}

/** Reads the metrics (Prometheus text format 0.0.4). */
export async function readMetrics(adminUrl: string): Promise<readonly Sample[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text.split("\n").flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found === null) return [];
    const labels = [...(found[2] ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    return [{ name: found[1] ?? "", labels: Object.fromEntries(labels), value: Number(found[3]) }];
  });
}

/** The sum of a metric over the series that have these labels. */
export function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Reads which workers there are. */
export async function readWorkers(adminUrl: string): Promise<readonly WorkerFacts[]> {
  const reply = await fetch(`${adminUrl}/readyz?verbose`);
  return ((await reply.json()) as { readonly workers: readonly WorkerFacts[] }).workers;
}

/** Reads the metrics again and again until they are as wanted; throws after a minute. */
export async function metricsWhen(
  adminUrl: string,
  what: string,
  isWanted: (samples: readonly Sample[]) => boolean,
): Promise<readonly Sample[]> {
  const end = Date.now() + 60_000;
  for (;;) {
    const samples = await readMetrics(adminUrl);
    if (isWanted(samples)) return samples;
    if (Date.now() > end) throw new Error(`not within a minute: ${what}`);
    await sleep(200);
  }
}
