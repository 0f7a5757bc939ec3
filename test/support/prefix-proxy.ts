import http from "node:http";
import type { AddressInfo } from "node:net";

/** A reverse proxy that serves another server under a path prefix, which it takes off. */
export interface PrefixProxy {
  readonly url: string;
  /** Paths asked for outside of the prefix; it answers them with 404. */
  readonly strays: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy for `target` under `prefix`; it adds `headers` to what it forwards. */
export async function startPrefixProxy(
  target: string,
  { prefix, headers }: { readonly prefix: string; readonly headers: Readonly<Record<string, string>> },
): Promise<PrefixProxy> {
  const strays: string[] = [];
  const server = http.createServer((request, response) => {
    const path = request.url ?? "/";
    if (!path.startsWith(`${prefix}/`)) {
      strays.push(path);
      response.writeHead(404).end();
      return;
    }
    const forwarded = http.request(
      new URL(path.slice(prefix.length), target),
      { method: request.method, headers: { ...request.headers, ...headers } },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      },
    );
    forwarded.on("error", () => response.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    strays,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
