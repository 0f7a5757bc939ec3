import type { Readable } from "node:stream";
import { ServingError } from "@bento-ts/runtime/definition";
import { type Authorizer, createAuthorizer } from "./authorizer.ts";
import { createHttpClient, type HttpClient, type HttpReply, type HttpRequest, isLoopback } from "./http-client.ts";
import { networkCode, toFailure, toNetworkFailure } from "./registry-failure.ts";
import type { ResolvedRegistryOptions } from "./registry-options.ts";
import { withRetries } from "./with-retries.ts";

/** What is asked of one repository of one registry. */
export interface RegistrySession {
  /** Where the repository is: `https://HOST/v2/NAME/`. */
  readonly root: URL;
  /**
   * Asks once: authorised, redirects of GET and HEAD followed. The answer has one of the expected statuses; its body must be read or dropped.
   * Throws UNAVAILABLE for what may pass, FAILED_PRECONDITION for any other answer.
   */
  ask(call: RegistryCall): Promise<HttpReply>;
  /** Asks and reads; again when that fails in passing. */
  fetch<T>(call: RegistryCall, read: (reply: HttpReply) => Promise<T>): Promise<T>;
}

export interface RegistryCall {
  readonly method: HttpRequest["method"];
  /** Relative to the repository, or where the registry said. */
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each try. */
  readonly body?: () => Promise<Readable | Uint8Array>;
  readonly expect: readonly number[];
  /** What it is about, for errors: "the manifest of …". */
  readonly what: string;
}

export interface SessionTarget {
  readonly host: string;
  readonly repository: string;
  readonly actions: "pull" | "pull,push";
  /** Other repositories there that are read from. */
  readonly sources?: readonly string[];
}

const MAX_REDIRECTS = 5;

/** Speaks with one repository; connections are closed at the end, however that comes. */
export async function withRegistry<T>(
  target: SessionTarget,
  options: ResolvedRegistryOptions,
  use: (session: RegistrySession) => Promise<T>,
): Promise<T> {
  const http = await createHttpClient(options);
  try {
    return await use(await openSession(target, http, options));
  } finally {
    await http.close();
  }
}

async function openSession(
  target: SessionTarget,
  http: HttpClient,
  options: ResolvedRegistryOptions,
): Promise<RegistrySession> {
  const { host, repository, actions, sources = [] } = target;
  const mayAsk = (url: URL): boolean =>
    url.protocol === "https:" || (url.protocol === "http:" && mayBePlain(url.host, options));
  const origin = await findOrigin(host, http, options);
  const scopes = [`repository:${repository}:${actions}`, ...sources.map((source) => `repository:${source}:pull`)];
  const authorizer = createAuthorizer({ host, repository, scopes, http, options, mayAsk });
  const root = new URL(`/v2/${repository}/`, origin);
  const ask = (call: RegistryCall): Promise<HttpReply> => askOnce(call, { root, http, authorizer, options, mayAsk });
  return {
    root,
    ask,
    fetch: (call, read) => withRetries(async () => passing(call, root, await ask(call), read), options),
  };
}

/** A body that breaks off is worth another try as well. */
async function passing<T>(
  { what }: RegistryCall,
  root: URL,
  reply: HttpReply,
  read: (reply: HttpReply) => Promise<T>,
): Promise<T> {
  try {
    return await read(reply);
  } catch (cause) {
    throw toNetworkFailure(cause, what, root.host);
  }
}

interface Asking {
  readonly root: URL;
  readonly http: HttpClient;
  readonly authorizer: Authorizer;
  readonly options: ResolvedRegistryOptions;
  readonly mayAsk: (url: URL) => boolean;
}

async function askOnce(call: RegistryCall, asking: Asking): Promise<HttpReply> {
  const { root, authorizer, options } = asking;
  const { what, expect } = call;
  options.signal.throwIfAborted();
  const used = authorizer.current();
  let reply = await sendFollowing(call, used, asking);
  if (reply.status === 401 && !expect.includes(401)) {
    const challenge = reply.header("www-authenticate") ?? "";
    if (await authorizer.renew(challenge, used)) {
      await reply.drop();
      reply = await sendFollowing(call, authorizer.current(), asking);
    }
  }
  if (expect.includes(reply.status)) return reply;
  throw await toFailure(reply, what, root.host);
}

async function sendFollowing(
  call: RegistryCall,
  authorization: string | undefined,
  asking: Asking,
): Promise<HttpReply> {
  const { root, http, options, mayAsk } = asking;
  const { method, what } = call;
  let url = new URL(call.url, root);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    if (!mayAsk(url))
      throw refused(`${what}: ${root.host} sends on to ${url.protocol}//${url.host}, and only https is allowed`);
    // Blobs often lie elsewhere: who stores them must not get what proves to the registry who asks.
    const authorized: Readonly<Record<string, string>> =
      url.origin === root.origin && authorization !== undefined ? { authorization } : {};
    const body = await call.body?.();
    const reply = await http
      .send({ method, url, headers: { ...call.headers, ...authorized }, body })
      .catch((cause: unknown) => {
        options.signal.throwIfAborted();
        throw toNetworkFailure(cause, what, url.host);
      });
    const location = reply.header("location");
    const isRedirect = [301, 302, 303, 307, 308].includes(reply.status) && location !== undefined;
    if (!isRedirect || (method !== "GET" && method !== "HEAD")) return reply;
    await reply.drop();
    if (!URL.canParse(location, url.href)) throw refused(`${what}: ${url.host} sends on to what is no URL`);
    url = new URL(location, url);
  }
  throw refused(`${what}: ${root.host} sent on more than ${MAX_REDIRECTS} times`);
}

/** TLS unless the host may do without and does: then the same port speaks plain HTTP. */
async function findOrigin(host: string, http: HttpClient, options: ResolvedRegistryOptions): Promise<URL> {
  const secure = new URL(`https://${host}`);
  if (!mayBePlain(secure.host, options) && !mayBePlain(host, options)) return secure;
  try {
    await (await http.send({ method: "GET", url: new URL("/v2/", secure), headers: {} })).drop();
    return secure;
  } catch (cause) {
    options.signal.throwIfAborted();
    // One whose certificate is not trusted does speak TLS.
    const code = networkCode(cause);
    if (/^(ERR_SSL_|EPROTO|ECONNRESET|ECONNREFUSED|UND_ERR_SOCKET)/.test(code)) return new URL(`http://${host}`);
    throw toNetworkFailure(cause, "the registry", host);
  }
}

function mayBePlain(host: string, { plainHttpHosts }: ResolvedRegistryOptions): boolean {
  return isLoopback(host.replace(/:\d+$/, "")) || plainHttpHosts.has(host.toLowerCase());
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
