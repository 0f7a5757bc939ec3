import { Agent, request } from "node:https";
import { buffer } from "node:stream/consumers";

/** A sender of HTTP requests over TLS with connections of its own, in the form of fetch. */
export interface HttpsExchange {
  send(url: string, init: RequestInit): Promise<Response>;
  /** Ends the connections. */
  close(): void;
}

/** Makes a sender that trusts one authority. Fetch can't be told whom to trust, nor to close its connections. */
export function createHttpsExchange(ca: string): HttpsExchange {
  const agent = new Agent({ ca, keepAlive: true });
  return {
    send: (url, { method = "POST", body, headers, signal }) =>
      new Promise((resolve, reject) => {
        const options = { method, agent, headers: Object.fromEntries(new Headers(headers)) };
        const sent = request(url, signal ? { ...options, signal } : options, (reply) => {
          const replyHeaders = Object.entries(reply.headers).map(([name, value]) => [name, String(value)] as const);
          buffer(reply).then((bytes) => {
            resolve(new Response(bytes, { status: reply.statusCode ?? 0, headers: Object.fromEntries(replyHeaders) }));
          }, reject);
        });
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
