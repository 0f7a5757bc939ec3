/** Batches that a server has run, by their rows. */
export type BatchRows = readonly { readonly rows: string; readonly batches: number }[];

const BUCKET = /^bento_batch_rows_bucket\{([^}]*)\} (\S+)$/gm;

/** How many batches of an API had up to so many rows, in metrics of the Prometheus text format; empty where it is not batched. */
export function parseBatchRows(metrics: string, api: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, labels = "", count] of metrics.matchAll(BUCKET)) {
    const most = /(?:^|,)le="([^"]*)"/.exec(labels)?.[1];
    if (most === undefined || !labels.split(",").includes(`api="${api}"`)) continue;
    counts.set(most, (counts.get(most) ?? 0) + Number(count));
  }
  return counts;
}

/** The batches between two scrapes, by the most rows of their bucket; empty ones are left out. */
export function batchesBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): BatchRows {
  const ascending = [...after.keys()].sort((a, b) => boundOf(a) - boundOf(b));
  let below = 0;
  const rows = ascending.map((bound, index) => {
    // Each bucket counts those below it as well.
    const all = (after.get(bound) ?? 0) - (before.get(bound) ?? 0);
    const batches = all - below;
    below = all;
    return { rows: nameOf(ascending[index - 1], bound), batches };
  });
  return rows.filter(({ batches }) => batches > 0);
}

function boundOf(text: string): number {
  return text === "+Inf" ? Infinity : Number(text);
}

function nameOf(before: string | undefined, bound: string): string {
  if (bound === "+Inf") return `> ${before ?? 0}`;
  const from = Number(before ?? 0) + 1;
  return from >= Number(bound) ? bound : `${from}–${bound}`;
}
