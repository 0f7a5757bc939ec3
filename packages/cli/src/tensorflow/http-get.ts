import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates } from "node:tls";
import { failed } from "../command-error.ts";

/** How to get something over HTTP. */
export interface Client {
  /** Gives the answer, whose body has to be read or destroyed. Throws CommandError when no answer comes, or none that is of use. */
  get(url: URL, options: GetOptions): Promise<http.IncomingMessage>;
}

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 5;
/** A connection that brings nothing for this long is broken. */
const IDLE_MS = 30_000;

/**
 * Makes a client that goes through the proxy of the environment (`HTTPS_PROXY`, `NO_PROXY`; Node ≥ 22.21) or of pip, and trusts pip's authorities as well.
 *
 * User and password of an address are sent to its own origin and to no other.
 */
export async function createClient(options: {
  readonly caFile: string | undefined;
  readonly proxy: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}): Promise<Client> {
  const { caFile, proxy, env } = options;
  const ca = caFile === undefined ? undefined : [...rootCertificates, await readAuthorities(caFile)];
  const proxyEnv = proxy === undefined ? env : { ...env, HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  const agents = {
    "http:": new http.Agent({ proxyEnv }),
    "https:": new https.Agent({ proxyEnv, ...(ca === undefined ? {} : { ca }) }),
  };
  return {
    async get(url, { headers = {}, signal }) {
      let at = url;
      for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
        if (at.protocol !== "http:" && at.protocol !== "https:") throw failed(`${shown(at)} is no web address`);
        const answer = await request(at, { agent: agents[at.protocol], headers, signal });
        const { statusCode = 0, headers: answered } = answer;
        if (statusCode < 300 || statusCode >= 400 || answered.location === undefined) return answer;
        answer.destroy();
        const next = new URL(answered.location, at);
        // What is checked by digest may come by any way; a password must not leave TLS.
        if (next.origin === at.origin) [next.username, next.password] = [at.username, at.password];
        at = next;
      }
      throw failed(`${shown(url)} redirects more than ${MAX_REDIRECTS} times`);
    },
  };
}

/** An address as it may be printed: without user, password and query. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw failed(
      `the authorities that pip is set to trust can't be read from ${file}: correct pip's setting "cert"`,
      cause,
    );
  }
}

interface Hop {
  readonly agent: http.Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

function request(url: URL, { agent, headers, signal }: Hop): Promise<http.IncomingMessage> {
  const { get } = url.protocol === "https:" ? https : http;
  const auth =
    url.username === "" ? {} : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` };
  return new Promise((resolve, reject) => {
    const sent = get(
      url,
      { agent, headers: { "user-agent": "bento-ts", ...headers }, signal, timeout: IDLE_MS, ...auth },
      resolve,
    );
    sent.on("timeout", () => sent.destroy(new Error(`nothing came for ${IDLE_MS / 1000} s`)));
    sent.on("error", (cause) =>
      reject(signal.aborted ? cause : failed(`${shown(url)} can't be reached (${cause.message})`, cause)),
    );
  });
}
