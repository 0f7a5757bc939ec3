import { Agent as HttpAgent, type IncomingHttpHeaders, type RequestOptions, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { Place } from "./place.ts";

/** The head of an answer. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Asks a server without a credential. */
export interface RestClient {
  /** Asks with neither input nor credential; follows no redirect. Rejects where no answer comes in time. */
  ask(method: string, path: string): Promise<RestAnswer>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** More of an answer is not read: its head is what counts. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Makes a client of one place. Its certificate is a check of its own: here it only has to answer. */
export function createRestClient({ host, port, isSecure, basePath, ca }: Place): RestClient {
  const kept = { keepAlive: true, maxSockets: 1 };
  const names = { ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }) };
  const agent = isSecure ? new HttpsAgent({ ...kept, ...names, rejectUnauthorized: false }) : new HttpAgent(kept);
  return {
    ask: (method, path) => {
      const headers = { "content-length": "0", ...(method === "POST" ? { "content-type": "application/json" } : {}) };
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return send(isSecure, { host, port, agent, method, path: basePath + path, headers, signal });
    },
    close: () => agent.destroy(),
  };
}

function send(isSecure: boolean, options: RequestOptions): Promise<RestAnswer> {
  return new Promise((resolve, reject) => {
    const asked = (isSecure ? httpsRequest : httpRequest)(options, (response) => {
      let bytes = 0;
      response
        .on("error", () => undefined)
        .on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > MAX_ANSWER_BYTES) response.destroy();
        });
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    asked.on("error", reject).end();
  });
}
