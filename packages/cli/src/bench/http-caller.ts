import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type Caller, lostOutcome, type Outcome, type Shot } from "./shot.ts";

export interface CallerOptions {
  readonly connections: number;
  /** Of one call. */
  readonly timeoutMs: number;
  /** Authorities to trust in place of those that Node knows, as PEM. */
  readonly ca: string | undefined;
  /** Gives up every call. */
  readonly signal: AbortSignal;
}

/** More of an error's text is not kept. */
const MAX_DETAIL = 500;

/** Sends to a base URL over kept connections, one for each call at a time; follows no redirect. */
export function createHttpCaller(url: URL, { connections, timeoutMs, ca, signal }: CallerOptions): Caller {
  const isSecure = url.protocol === "https:";
  const kept = { keepAlive: true, maxSockets: connections };
  const agent = isSecure ? new HttpsAgent({ ...kept, ...(ca === undefined ? {} : { ca }) }) : new HttpAgent(kept);
  const ask = isSecure ? httpsRequest : httpRequest;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const basePath = url.pathname.replace(/\/+$/, "");
  const send = ({ path, headers, body }: Shot): Promise<Outcome> =>
    new Promise((resolve) => {
      const lost = (cause: unknown): void => resolve(lostOutcome(cause));
      const asked = ask(
        {
          host,
          port: url.port === "" ? (isSecure ? 443 : 80) : url.port,
          path: basePath + path,
          method: "POST",
          agent,
          signal,
          headers: { ...headers, "content-length": body.length },
        },
        (response) => {
          readAnswer(response).then(resolve, lost);
        },
      );
      // Of the whole answer: one that comes byte by byte must not keep the bench from its end.
      const timer = setTimeout(() => asked.destroy(new DOMException("no answer in time", "TimeoutError")), timeoutMs);
      asked.on("close", () => clearTimeout(timer));
      asked.on("error", lost);
      asked.end(body);
    });
  return { send, close: () => agent.destroy() };
}

async function readAnswer(response: IncomingMessage): Promise<Outcome> {
  const status = response.statusCode ?? 0;
  const isOk = status >= 200 && status < 300;
  let receivedBytes = 0;
  let detail = "";
  for await (const piece of response as AsyncIterable<Buffer>) {
    receivedBytes += piece.length;
    if (!isOk && detail.length < MAX_DETAIL) detail += piece.toString();
  }
  return { status: String(status), isOk, receivedBytes, ...(isOk ? {} : { detail: detail.slice(0, MAX_DETAIL) }) };
}
