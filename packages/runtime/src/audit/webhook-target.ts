import type { Agent, ClientRequest, RequestOptions } from "node:http";
import { type LineTarget, type OnTrouble, takeEach } from "./line-target.ts";

export interface WebhookOptions {
  /** https, or http on loopback. */
  readonly url: string;
  /** The only authorities that its certificate may come from, as PEM; the system's unless given. */
  readonly ca: string | undefined;
  /** Value of the `Authorization` header, asked for each request. */
  authorization(): Promise<string | undefined>;
  /** Lines in one request. */
  readonly batchSize: number;
  readonly batchDelayMs: number;
  readonly timeoutMs: number;
  /** Times between tries after failures; those below unless given. */
  readonly backOff?: { readonly firstMs: number; readonly maxMs: number };
  readonly onTrouble?: OnTrouble | undefined;
  /** Told how many lines were never delivered, when it is closed. */
  onLost?(count: number): void;
}

/** Lines that wait for delivery: some 20,000 of usual length. */
const MAX_QUEUE_BYTES = 16 * 1024 * 1024;
const BACK_OFF = { firstMs: 1_000, maxMs: 30_000 };

/**
 * Opens an address to which lines are posted in batches (`application/x-ndjson`), one request at a time, in their order.
 *
 * What was not answered with 2xx is sent again after a wait, so a line may come twice; redirects count as failures. When the queue is full no line is taken.
 */
export function openWebhookTarget(options: WebhookOptions): LineTarget {
  return new WebhookTarget(options);
}

class WebhookTarget implements LineTarget {
  readonly #options: WebhookOptions;
  readonly #client: Client;
  #queue: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#client = openClient(options.url, options.ca);
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  hasRoom(bytes: number): boolean {
    return !this.#isClosed && this.#bytes + bytes <= MAX_QUEUE_BYTES;
  }

  take(line: Buffer): boolean {
    if (!this.hasRoom(line.length)) return false;
    this.#queue.push(line);
    this.#bytes += line.length;
    this.#plan();
    return true;
  }

  takeAll(lines: readonly string[]): number {
    return takeEach(this, lines);
  }

  probe(): void {}

  reopen(): void {}

  async close(): Promise<void> {
    this.#isClosed = true;
    const endMs = performance.now() + this.#options.timeoutMs;
    await this.#sending;
    do await this.#send();
    while (this.#queue.length > 0 && this.#failures === 0 && performance.now() < endMs);
    clearTimeout(this.#timer);
    this.#client.agent.destroy();
    if (this.#queue.length > 0) this.#options.onLost?.(this.#queue.length);
  }

  #plan(): void {
    if (this.#sending !== undefined || this.#isClosed || this.#queue.length === 0) return;
    const { batchSize, batchDelayMs, backOff = BACK_OFF } = this.#options;
    const isFull = this.#queue.length >= batchSize && this.#failures === 0;
    if (this.#timer !== undefined && !isFull) return;
    clearTimeout(this.#timer);
    const backOffMs = Math.min(backOff.maxMs, backOff.firstMs * 2 ** (this.#failures - 1));
    const waitMs = this.#failures > 0 ? backOffMs : isFull ? 0 : batchDelayMs;
    this.#timer = setTimeout(() => void this.#send(), waitMs);
  }

  #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#deliver().finally(() => {
      this.#sending = undefined;
      this.#plan();
    });
    return this.#sending;
  }

  async #deliver(): Promise<void> {
    const batch = this.#queue.slice(0, this.#options.batchSize);
    if (batch.length === 0) return;
    try {
      await this.#post(Buffer.concat(batch));
    } catch (cause) {
      this.#failures += 1;
      if (this.#failures === 1) this.#options.onTrouble?.(cause);
      return;
    }
    this.#queue = this.#queue.slice(batch.length);
    for (const { length } of batch) this.#bytes -= length;
    if (this.#failures > 0) this.#options.onTrouble?.(undefined);
    this.#failures = 0;
  }

  async #post(body: Buffer, isRepeated = false): Promise<void> {
    const authorization = await this.#options.authorization();
    const { agent, request } = this.#client;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sent = request(this.#options.url, {
      method: "POST",
      agent,
      headers: {
        "content-type": "application/x-ndjson",
        "content-length": body.length,
        ...(authorization === undefined ? {} : { authorization }),
      },
      signal: AbortSignal.timeout(this.#options.timeoutMs),
    });
    sent.on("error", (cause: NodeJS.ErrnoException) => {
      // A kept connection that the other side ended just now: nobody's failure. Source: Node, "request.reusedSocket".
      if (sent.reusedSocket && cause.code === "ECONNRESET" && !isRepeated) resolve(this.#post(body, true));
      else reject(cause);
    });
    sent.on("response", (response) => {
      const { statusCode = 0 } = response;
      // Nothing in the answer is of use; unread it would keep the connection from the next batch.
      response.on("error", () => undefined).resume();
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new Error(`the audit webhook answered ${statusCode}`));
    });
    sent.end(body);
    await promise;
  }
}

interface Client {
  readonly agent: Agent;
  readonly request: (url: string, options: RequestOptions) => ClientRequest;
}

/** The modules are not imported above: most servers have no webhook, and they take their time to load. */
function openClient(url: string, ca: string | undefined): Client {
  const kept = { keepAlive: true, maxSockets: 1 };
  if (url.startsWith("https:")) {
    const { Agent: HttpsAgent, request } = process.getBuiltinModule("node:https");
    const trust = ca === undefined ? {} : { ca };
    return { agent: new HttpsAgent({ ...kept, ...trust, rejectUnauthorized: true }), request };
  }
  const { Agent: HttpAgent, request } = process.getBuiltinModule("node:http");
  return { agent: new HttpAgent(kept), request };
}
