import type { Readable } from "node:stream";
import { ServingError } from "@bento-ts/runtime/definition";
import type { ResolvedRegistryOptions } from "./registry-options.ts";

/** One exchange: no redirect is followed, nothing is tried again. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readable | Uint8Array | string | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** First value of a header, undefined when there is none. */
  header(name: string): string | undefined;
  readonly body: Readable;
  /** Reads the body to its end. Throws FAILED_PRECONDITION when it is longer than `maxBytes`. */
  read(maxBytes: number): Promise<Buffer>;
  /** Takes the rest of the body away, so that the connection can be used again. */
  drop(): Promise<void>;
}

export interface HttpClient {
  /** Rejects with the network's own error. */
  send(request: HttpRequest): Promise<HttpReply>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 20_000;
/** Without a byte from the other side, or taken by it; a registry hashes a whole blob before it answers the last part. */
const IDLE_TIMEOUT_MS = 120_000;
/** Of a body that is not wanted, more than this is not worth a connection. */
const MAX_DROPPED_BYTES = 128 * 1024;

/**
 * Makes a client that goes through the proxies of the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, but never to this machine's own addresses.
 *
 * Certificates are always checked. Throws INVALID_ARGUMENT when a proxy's URL is none.
 */
export async function createHttpClient({ env, certificates, signal }: ResolvedRegistryOptions): Promise<HttpClient> {
  // Loaded when a registry is spoken to: most builds don't.
  const { Agent, EnvHttpProxyAgent, request } = await import("undici");
  const tls = certificates === undefined ? {} : { ca: [...certificates] };
  const limits = { headersTimeout: IDLE_TIMEOUT_MS, bodyTimeout: IDLE_TIMEOUT_MS };
  const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS };
  const direct = new Agent({ ...limits, connect });
  const proxied = orNoUrl(
    () => new EnvHttpProxyAgent({ ...limits, ...proxiesOf(env), connect, requestTls: connect, proxyTls: connect }),
  );
  return {
    async send({ method, url, headers, body }) {
      const {
        statusCode,
        headers: received,
        body: stream,
      } = await request(url, {
        method,
        headers: { ...headers, "user-agent": "bento-ts" },
        body: body ?? null,
        dispatcher: isLoopback(url.hostname) ? direct : proxied,
        signal,
      });
      return {
        status: statusCode,
        header: (name) => {
          const value = received[name];
          return typeof value === "object" ? value.join(", ") : value;
        },
        body: stream,
        read: (maxBytes) => readAll(stream, maxBytes),
        drop: () => stream.dump({ limit: MAX_DROPPED_BYTES }),
      };
    },
    async close() {
      await Promise.all([direct.destroy(), proxied.destroy()]);
    },
  };
}

/** Whether a host's name is this machine's own. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function proxiesOf(
  env: ResolvedRegistryOptions["env"],
): Readonly<Record<"httpProxy" | "httpsProxy" | "noProxy", string>> {
  const of = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? "";
  return { httpProxy: of("HTTP_PROXY"), httpsProxy: of("HTTPS_PROXY"), noProxy: of("NO_PROXY") };
}

function orNoUrl<T>(make: () => T): T {
  try {
    return make();
  } catch {
    // Without the cause, which shows the URL: it may hold a password.
    throw new ServingError(
      "INVALID_ARGUMENT",
      "HTTPS_PROXY or HTTP_PROXY is no URL: expected one such as http://proxy.example.com:3128",
    );
  }
}

async function readAll(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new ServingError("FAILED_PRECONDITION", `the registry's answer is longer than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
