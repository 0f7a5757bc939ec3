import http from "node:http";

/** One kind of request, sent again and again. */
export interface Shot {
  readonly port: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Text is sent as JSON, parts of bytes one after the other. */
  readonly body?: string | readonly Buffer[];
  readonly headers?: http.OutgoingHttpHeaders;
}

/** What a bounded load saw. */
export interface LoadResult {
  readonly calls: number;
  readonly failed: number;
  readonly seconds: number;
  /** Latencies in milliseconds, ascending. */
  readonly latenciesMs: readonly number[];
}

/** Sends `calls` requests over `connections` kept-alive connections, each caller one at a time; stops early after `maxSeconds`. */
export async function load(
  shot: Shot,
  options: { readonly calls: number; readonly connections: number; readonly maxSeconds: number },
): Promise<LoadResult> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: options.connections });
  const latenciesMs: number[] = [];
  let left = options.calls;
  let failed = 0;
  const startMs = performance.now();
  const endMs = startMs + options.maxSeconds * 1000;
  const caller = async (): Promise<void> => {
    while (left > 0 && performance.now() < endMs) {
      left -= 1;
      const sentMs = performance.now();
      const status = await send(shot, agent).catch(() => 0);
      if (status !== 200) failed += 1;
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: options.connections }, caller));
  agent.destroy();
  const seconds = (performance.now() - startMs) / 1000;
  return { calls: latenciesMs.length, failed, seconds, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}

/** Sends one request and reads its whole answer; gives the status. */
export function send(shot: Shot, agent?: http.Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const parts = typeof shot.body === "string" ? [Buffer.from(shot.body)] : (shot.body ?? []);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const headers =
      shot.body === undefined ? {} : { "content-type": "application/json", "content-length": length, ...shot.headers };
    const request = http.request(
      {
        host: "127.0.0.1",
        port: shot.port,
        path: shot.path,
        method: shot.method,
        headers,
        ...(agent === undefined ? {} : { agent }),
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    for (const part of parts) request.write(part);
    request.end();
  });
}

/** The value below which `share` (0 to 1) of ascending numbers lie. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  return percentile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );
}
