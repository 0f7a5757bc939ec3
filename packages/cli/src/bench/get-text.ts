import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { text } from "node:stream/consumers";

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
}

/** Asks for a page and gives its status and text. Rejects where no answer comes in time. */
export function getText(
  url: URL,
  { headers = {}, ca, timeoutMs }: GetOptions,
): Promise<{ readonly status: number; readonly text: string }> {
  const get = url.protocol === "https:" ? httpsGet : httpGet;
  const trust = ca === undefined ? {} : { ca };
  return new Promise((resolve, reject) => {
    get(url, { headers, ...trust, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, text: body }), reject);
    }).on("error", reject);
  });
}
