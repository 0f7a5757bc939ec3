import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { ServingError } from "../../errors.ts";

/** What is fetched, and how. */
export interface DocumentRequest {
  readonly url: URL;
  /** PEM authorities in place of the system's. */
  readonly ca: string | undefined;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  /** Whether a token is of a key that is not known, which may be in force since a moment ago. */
  readonly isUrgent?: boolean;
}

/** An answer of status 200. */
export interface FetchedDocument {
  readonly bytes: Uint8Array;
  readonly cacheControl: string | undefined;
}

/** Fetches a small document. Rejects for a status other than 200, for more than 512 KiB and when the signal aborts. */
export type FetchDocument = (request: DocumentRequest) => Promise<FetchedDocument>;

/** Longest document, in bytes. */
export const MAX_DOCUMENT_BYTES = 512 * 1024;

/** Fetches over the network: redirects are not followed, certificates always checked, whatever the environment says. */
export const fetchDocument: FetchDocument = async ({ url, ca, token, signal }) => {
  const response = await send({ url, ca, token, signal });
  try {
    if (response.statusCode !== 200) throw unfit(url, `expected status 200, got ${response.statusCode}`);
    const encoding = response.headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") throw unfit(url, `expected no content encoding, got ${encoding.slice(0, 40)}`);
    if (Number(response.headers["content-length"]) > MAX_DOCUMENT_BYTES) throw tooLong(url);
    return { bytes: await readBytes(response, url), cacheControl: response.headers["cache-control"] };
  } finally {
    response.destroy();
  }
};

function send({ url, ca, token, signal }: DocumentRequest): Promise<IncomingMessage> {
  const options = {
    method: "GET",
    headers: { accept: "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    // One connection for each: minutes pass until the next.
    agent: false,
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? requestHttps(url, { ...options, ca, rejectUnauthorized: true }, resolve)
        : requestHttp(url, options, resolve);
    request.on("error", reject);
    request.end();
  });
}

async function readBytes(response: IncomingMessage, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_DOCUMENT_BYTES) throw tooLong(url);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLong(url: URL): ServingError {
  return unfit(url, `expected at most ${MAX_DOCUMENT_BYTES} bytes`);
}

function unfit(url: URL, message: string): ServingError {
  return new ServingError("UNAVAILABLE", `${url.origin}${url.pathname}: ${message}`);
}
