import type { MetricUse, ReplyExtra } from "../../../call/types.ts";
import type { SeldonHost } from "../../types.ts";
import { NO_META, type SeldonMeta, type SeldonMetric, type SeldonRequest } from "../types.ts";

/** The meta of a request that its reply starts from. */
export type PassedMeta = Pick<SeldonMeta, "puid" | "tags" | "requestPath" | "metrics">;

/**
 * What a reply takes over from its request: all of it for predictions and transformations, the puid alone for routes, nothing for feedback; of several messages
 * the puid of the first, later tags and paths over earlier ones, all metrics. Source: Seldon v1, meta of replies.
 */
export function passedMeta(request: SeldonRequest, role: string): PassedMeta {
  switch (request.form) {
    case "message":
      return role === "route" ? { ...NO_META, puid: request.message.meta.puid } : request.message.meta;
    case "list": {
      const metas = request.messages.map(({ meta }) => meta);
      return {
        puid: metas[0]?.puid ?? "",
        tags: joined(metas.map(({ tags }) => tags)),
        requestPath: joined(metas.map(({ requestPath }) => requestPath)),
        metrics: metas.flatMap(({ metrics }) => metrics),
      };
    }
    case "feedback":
    case "raw":
      return NO_META;
  }
}

/** The meta of a reply: what came with the request, then what the method said; the component's own place in the path gives way to one that came. */
export function replyMeta(
  passed: PassedMeta,
  { tags, metrics }: Pick<ReplyExtra, "tags" | "metrics">,
  { id, image, includesMetrics }: Pick<SeldonHost, "id" | "image" | "includesMetrics">,
): PassedMeta {
  return {
    puid: passed.puid,
    tags: tags.size === 0 ? passed.tags : joined([passed.tags, Object.fromEntries(tags)]),
    requestPath: id === null ? passed.requestPath : joined([{ [id]: image ?? "" }, passed.requestPath]),
    metrics: includesMetrics ? [...passed.metrics, ...metrics.map(toMetric)] : [],
  };
}

const TYPES = { counter: "COUNTER", gauge: "GAUGE", timer: "TIMER" } as const satisfies Record<
  MetricUse["kind"],
  SeldonMetric["type"]
>;

function toMetric({ kind, name, value, labels }: MetricUse): SeldonMetric {
  return { key: name, type: TYPES[kind], value, tags: labels };
}

/** Later members over earlier ones; a member called __proto__ stays one. */
function joined<T>(objects: readonly Readonly<Record<string, T>>[]): Readonly<Record<string, T>> {
  return Object.fromEntries(objects.flatMap((object) => Object.entries(object)));
}
