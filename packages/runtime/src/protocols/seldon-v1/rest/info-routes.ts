import type { HttpInfoRoute, HttpReply } from "../../../call/types.ts";
import { ServingError } from "../../../errors.ts";
import { stringifyJson } from "../../../io/json-text.ts";
import type { ProtocolHost } from "../../types.ts";
import { toMetadata } from "../metadata.ts";
import { replyMeta } from "../output/reply-meta.ts";
import { NO_META } from "../types.ts";
import { encodeReply } from "./encode-reply.ts";
import { toErrorReply } from "./error-reply.ts";
import { seldonDocument } from "./seldon-document.ts";

interface InfoRow {
  readonly id: string;
  readonly paths: readonly string[];
  /** Whether the operator's probes ask it, which bring no credentials. */
  readonly isProbe: boolean;
  answer(host: ProtocolHost): HttpReply | Promise<HttpReply>;
}

const ROWS: readonly InfoRow[] = [
  { id: "seldon.ping", paths: ["/health/ping"], isProbe: true, answer: ping },
  {
    id: "seldon.status",
    paths: ["/health/status", "/api/v1.0/health/status"],
    isProbe: true,
    answer: status,
  },
  {
    id: "seldon.metadata",
    paths: ["/metadata", "/api/v1.0/metadata"],
    isProbe: false,
    answer: ({ definition, seldon }) => json(stringifyJson(toMetadata(definition, seldon))),
  },
  { id: "seldon.document", paths: ["/seldon.json"], isProbe: false, answer: () => json(seldonDocument()) },
];

/** The routes that tell of the component and call no method. */
export function infoRoutes(host: ProtocolHost): readonly HttpInfoRoute[] {
  return ROWS.flatMap(({ id, paths, isProbe, answer }) =>
    paths.map((path) => ({
      id,
      protocol: "seldon",
      method: "GET" as const,
      path,
      isPublic: isProbe && host.seldon.isDeployed,
      answer: () => answer(host),
      encodeError: toErrorReply,
    })),
  );
}

/** Answers as long as the process lives. */
function ping(): HttpReply {
  return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: "pong" };
}

/** Throws UNAVAILABLE until every worker has loaded and warmed its models, and while the server drains. */
async function status({ isReady, seldon }: ProtocolHost): Promise<HttpReply> {
  if (!isReady()) throw new ServingError("UNAVAILABLE", "not healthy: the server is not ready");
  const meta = replyMeta(NO_META, { tags: new Map(), metrics: [] }, seldon);
  return json(await encodeReply({ data: { kind: "strData", text: "healthy" }, meta }, "error"));
}

function json(body: string): HttpReply {
  return { status: 200, headers: { "content-type": "application/json" }, body };
}
