import type { Context } from "../authoring/context.ts";
import { type CallTrace, TRACE } from "../call/call-trace.ts";
import { type Cancellation, CANCELLATION } from "../call/cancellation.ts";
import { LONGEST_CALL } from "../call/longest-call.ts";
import type { MetricUse, ReplyExtra, TagValue } from "../call/types.ts";
import { ServingError } from "../errors.ts";
import { noteUses } from "./note-uses.ts";
import type { Prediction } from "./predict.ts";
import { longestCallMs } from "./read-input.ts";

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
  "x-powered-by",
  "x-request-id",
]);

const NO_TAGS: ReplyExtra["tags"] = new Map();
const NO_USES: ReplyExtra["metrics"] = [];

/** Makes the context of one call; what `setHeader` sets lands in `replyHeaders`. */
export function createContext(prediction: Prediction, replyHeaders: Record<string, string>): CallContext {
  return new CallContext(prediction, replyHeaders);
}

/** The context of one call, with what its method adds to the reply. */
export class CallContext implements Context {
  #tags: Map<string, TagValue> | undefined;
  #metricUses: MetricUse[] | undefined;
  readonly #prediction: Prediction;
  readonly #replyHeaders: Record<string, string>;

  constructor(prediction: Prediction, replyHeaders: Record<string, string>) {
    this.#prediction = prediction;
    this.#replyHeaders = replyHeaders;
  }

  /** What the reply carries of it so far. */
  extra(): ReplyExtra {
    return { headers: this.#replyHeaders, tags: this.#tags ?? NO_TAGS, metrics: this.#metricUses ?? NO_USES };
  }

  /** Made when it is first asked for; the record is told of it then. */
  get tags(): Map<string, TagValue> {
    this.#tags ??= new Map();
    this.#prediction.record.tags = this.#tags;
    return this.#tags;
  }

  get principal(): Context["principal"] {
    return this.#prediction.principal;
  }

  get requestId(): string {
    return this.#prediction.call.request.requestId;
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

  get [LONGEST_CALL](): number {
    const { stages, target } = this.#prediction;
    return longestCallMs(target.api.timeoutMs, stages);
  }

  get headers(): Context["headers"] {
    return this.#prediction.call.request.headers;
  }

  get [TRACE](): CallTrace | undefined {
    return this.#prediction.record.trace;
  }

  get trace(): Context["trace"] {
    const { trace } = this.#prediction.record;
    return trace === undefined ? undefined : { traceId: trace.traceId, spanId: trace.spanId };
  }

  // Gives a function that may be taken apart from its context.
  get traceHeaders(): Context["traceHeaders"] {
    const { trace } = this.#prediction.record;
    return () => trace?.headers() ?? {};
  }

  get log(): Context["log"] {
    const { stages, record } = this.#prediction;
    return stages.logFor(this.requestId, record.trace);
  }

  get metrics(): Context["metrics"] {
    const { stages, target, call } = this.#prediction;
    const metrics = stages.metricsFor(target.api.role);
    if (call.carriesMetrics !== true) return metrics;
    this.#metricUses ??= [];
    return noteUses(metrics, this.#metricUses);
  }

  // Gives a function that may be taken apart from its context.
  get setHeader(): Context["setHeader"] {
    return (name, value) => this.#setHeader(name, value);
  }

  #setHeader(name: string, value: string): void {
    const key = name.toLowerCase();
    // Which pages may read a reply is the platform's decision, not the author's.
    const isOwn = OWN_HEADERS.has(key) || key.startsWith("access-control-");
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(key) || isOwn) {
      throw new ServingError("INTERNAL", `setHeader: "${name}" is not a header that a service may set`);
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new ServingError("INTERNAL", `setHeader: the value of "${name}" has characters that no header may hold`);
    this.#replyHeaders[key] = value;
  }
}
