import type { Context } from "../authoring/context.ts";
import { type Cancellation, CANCELLATION } from "../call/cancellation.ts";
import { ServingError } from "../errors.ts";
import type { Prediction } from "./predict.ts";

/** Headers that the server answers for: framing, and those that browsers and proxies trust. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-security-policy",
  "content-type",
  "date",
  "keep-alive",
  "referrer-policy",
  "retry-after",
  "server",
  "strict-transport-security",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
  "x-content-type-options",
  "x-request-id",
]);

/** Makes the context of one call; what `setHeader` sets lands in `replyHeaders`. */
export function createContext(prediction: Prediction, replyHeaders: Record<string, string>): Context {
  return new CallContext(prediction, replyHeaders);
}

class CallContext implements Context {
  #tags: Map<string, string> | undefined;
  readonly #prediction: Prediction;
  readonly #replyHeaders: Record<string, string>;

  constructor(prediction: Prediction, replyHeaders: Record<string, string>) {
    this.#prediction = prediction;
    this.#replyHeaders = replyHeaders;
  }

  /** Made when it is first asked for; the record is told of it then. */
  get tags(): Map<string, string> {
    this.#tags ??= new Map();
    this.#prediction.record.tags = this.#tags;
    return this.#tags;
  }

  get principal(): Context["principal"] {
    return this.#prediction.principal;
  }

  get requestId(): string {
    return this.#prediction.call.requestId;
  }

  get api(): string {
    return this.#prediction.target.api.name;
  }

  get signal(): AbortSignal {
    return this.#prediction.scope.signal;
  }

  get [CANCELLATION](): Cancellation {
    return this.#prediction.scope.waiting;
  }

  get deadline(): number {
    return this.#prediction.scope.deadline;
  }

  get headers(): Context["headers"] {
    return this.#prediction.call.headers;
  }

  get log(): Context["log"] {
    return this.#prediction.stages.logFor(this.requestId);
  }

  get metrics(): Context["metrics"] {
    return this.#prediction.stages.metrics;
  }

  // A property, so that it may be taken apart from its context.
  readonly setHeader = (name: string, value: string): void => {
    const key = name.toLowerCase();
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(key) || OWN_HEADERS.has(key)) {
      throw new ServingError("INTERNAL", `setHeader: "${name}" is not a header that a service may set`);
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new ServingError("INTERNAL", `setHeader: the value of "${name}" has characters that no header may hold`);
    this.#replyHeaders[key] = value;
  };
}
