import http from "node:http";
import { type AddressInfo, connect } from "node:net";

/** What is done to an exchange instead of passing it on whole. */
export type Tampering =
  /** The connection ends when this many bytes of the request's body have been passed on. */
  | { readonly kind: "cut request"; readonly afterBytes: number }
  /** The connection ends when this many bytes of the answer's body have been passed on. */
  | { readonly kind: "cut answer"; readonly afterBytes: number }
  /** Answered here, without asking the server. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: Buffer | string;
    }
  /** Passed on with other headers; those that are undefined are taken away. */
  | { readonly kind: "change"; readonly headers: Record<string, string | undefined> };

/** A request that came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Of its body, as many as were passed on. */
  bodyBytes: number;
}

export interface TamperingProxy {
  readonly host: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Starts a reverse proxy that tampers with those exchanges for which `choose` says so; `nth` counts requests of one method from 0. */
export async function startTamperingProxy(
  target: string,
  choose: (request: SeenRequest, nth: number) => Tampering | undefined,
): Promise<TamperingProxy> {
  const seen: SeenRequest[] = [];
  const server = http.createServer((request, response) => {
    const { method = "GET", url: path = "/", headers } = request;
    const one: SeenRequest = { method, path, headers, bodyBytes: 0 };
    const nth = seen.filter((earlier) => earlier.method === method).length;
    seen.push(one);
    const tampering = choose(one, nth);
    if (tampering?.kind === "answer") {
      request.resume();
      response.writeHead(tampering.status, tampering.headers).end(tampering.body);
      return;
    }
    const changed = tampering?.kind === "change" ? tampering.headers : {};
    const kept = Object.entries({ ...headers, ...changed }).filter(([, value]) => value !== undefined);
    const upstream = http.request(new URL(path, target), { method, headers: Object.fromEntries(kept), agent: false });
    const cut = (): void => {
      upstream.destroy();
      request.socket.destroy();
    };
    upstream.on("error", () => request.socket.destroy());
    upstream.on("response", (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      let left = tampering?.kind === "cut answer" ? tampering.afterBytes : Infinity;
      // One chunk that may cross the limit: only what is below it goes on.
      reply.on("data", (chunk: Buffer) => {
        response.write(chunk.subarray(0, left), () => left <= 0 && cut());
        left -= chunk.length;
      });
      if (left === 0) cut();
      reply.on("end", () => left > 0 && response.end());
    });
    let left = tampering?.kind === "cut request" ? tampering.afterBytes : Infinity;
    request.on("data", (chunk: Buffer) => {
      const passed = chunk.subarray(0, left);
      one.bodyBytes += passed.length;
      left -= passed.length;
      upstream.write(passed, () => left <= 0 && cut());
    });
    request.on("end", () => left > 0 && upstream.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    seen,
    close: () => ended(server),
  };
}

/** A forward proxy for CONNECT that leads every host to one port of this machine. */
export interface ConnectProxy {
  readonly url: string;
  /** `host:port` of each tunnel that was asked for. */
  readonly tunnels: readonly string[];
  close(): Promise<void>;
}

/** Starts a forward proxy. */
export async function startConnectProxy(targetPort: number): Promise<ConnectProxy> {
  const tunnels: string[] = [];
  const server = http.createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    const upstream = connect(targetPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    socket.on("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, tunnels, close: () => ended(server) };
}

async function ended(server: http.Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
