import type { DocumentRequest, FetchDocument, FetchedDocument } from "./fetch-document.ts";

/** What a worker asks its server for, in plain data. */
export interface SharedRequest {
  readonly url: string;
  readonly ca: string | undefined;
  readonly token: string | undefined;
  /** Whether a token is of a key that the asking worker does not know. */
  readonly isUrgent: boolean;
}

/** The document as plain data. */
export interface SharedDocument {
  readonly base64: string;
  readonly cacheControl: string | undefined;
}

/** A document is not fetched again within this time, however many workers ask; a look for an unknown key goes past that, once in this time. */
const HOLD_MS = 30_000;
/** After a failure it is tried again sooner: each worker waits longer after each failure by itself. */
const HOLD_FAILURE_MS = 1_000;
const TIMEOUT_MS = 5_000;
/** Documents that are held; each issuer has two. */
const MAX_HELD = 256;

/**
 * Fetches for all workers of a server: one fetch of an address at a time, and none within 30 s of a good one, so that an issuer is asked as often as by one worker.
 *
 * Source: security.md, note 3 and A2.
 */
export function createSharedFetch(options: {
  readonly fetch: FetchDocument;
  /** Monotonic milliseconds. */
  now(): number;
  /** Told when an address gives another document than it gave before: who holds the one from before has to look again. */
  onChange(): void;
}): (request: SharedRequest) => Promise<SharedDocument> {
  const { fetch, now, onChange } = options;
  const held = new Map<string, Held>();
  return ({ url, ca, token, isUrgent }) => {
    const known = held.get(url);
    if (known !== undefined && now() < (isUrgent ? known.urgentUntilMs : known.untilMs)) return known.answer;
    const answer = load(fetch, { url: new URL(url), ca, token, signal: AbortSignal.timeout(TIMEOUT_MS) });
    // Until it is answered everybody waits for it.
    const entry: Held = { untilMs: Infinity, urgentUntilMs: Infinity, answer, last: known?.last };
    held.delete(url);
    held.set(url, entry);
    for (const oldest of held.keys()) {
      if (held.size <= MAX_HELD) break;
      held.delete(oldest);
    }
    const urgentUntilMs = isUrgent ? now() + HOLD_MS : (known?.urgentUntilMs ?? 0);
    const hold = (ms: number) => (): void => {
      const untilMs = now() + ms;
      Object.assign(entry, { untilMs, urgentUntilMs: Math.min(urgentUntilMs, untilMs) });
    };
    const take = ({ base64 }: SharedDocument): void => {
      hold(HOLD_MS)();
      const isOther = entry.last !== undefined && entry.last !== base64;
      entry.last = base64;
      if (isOther) onChange();
    };
    answer.then(take, hold(HOLD_FAILURE_MS));
    return answer;
  };
}

interface Held {
  untilMs: number;
  /** Of looks for an unknown key. */
  urgentUntilMs: number;
  readonly answer: Promise<SharedDocument>;
  /** The last document that was had, in base64. */
  last: string | undefined;
}

/** A worker's fetch, which asks for it elsewhere. */
export function fetchBy(ask: (request: SharedRequest) => Promise<SharedDocument>): FetchDocument {
  return async ({ url, ca, token, isUrgent = false }: DocumentRequest): Promise<FetchedDocument> => {
    const { base64, cacheControl } = await ask({ url: url.href, ca, token, isUrgent });
    return { bytes: Buffer.from(base64, "base64"), cacheControl };
  };
}

async function load(fetch: FetchDocument, request: DocumentRequest): Promise<SharedDocument> {
  const { bytes, cacheControl } = await fetch(request);
  return { base64: Buffer.from(bytes).toString("base64"), cacheControl };
}
