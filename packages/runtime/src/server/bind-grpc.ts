import { type Cancellation, Canceller } from "../call/cancellation.ts";
import type { GrpcInfoRoute, GrpcReply, GrpcRequest, GrpcTalkRoute } from "../call/types.ts";
import type { SecurityConfig } from "../config/security/types.ts";
import { ServingError } from "../errors.ts";
import { serveCall } from "../pipeline/serve-call.ts";
import { serveInfo } from "../pipeline/serve-info.ts";
import { serveStream } from "../pipeline/serve-stream.ts";
import { serveTalk } from "../pipeline/serve-talk.ts";
import type { Stages } from "../pipeline/stages.ts";
import { toGrpcError, toGrpcReply } from "../protocols/grpc/grpc-error.ts";
import type { Protocol } from "../protocols/types.ts";
import type { BoundMethod } from "../transports/grpc/create-grpc-server.ts";
import { isOpened } from "./security/is-opened.ts";
import { toRecorded } from "./to-recorded.ts";

/** What answers to questions about the server end with. */
export interface InquiryLimits {
  /** Aborts when the server stops: questions that are not asked yet must not hold it back. */
  readonly stopping: Cancellation;
  /** What the platform has opened to callers without credentials. */
  readonly opened: SecurityConfig["public"];
  /** Longest time in which a single question must have come, in milliseconds. */
  readonly timeoutMs: number;
}

/** Largest message that a question may have; those of real callers hold a name. */
const MAX_INQUIRY = { maxBytes: 64 * 1024, limitName: "this method" } as const;

/** Joins each gRPC method with the pipeline. */
export function bindGrpcMethods(
  routes: ReturnType<Protocol["grpcRoutes"]>,
  stages: Stages,
  limits: InquiryLimits,
): BoundMethod[] {
  return routes.map((route) => ({
    id: route.id,
    isPublic: "isPublic" in route && route.isPublic,
    service: route.service,
    method: route.method,
    handle: (request) => {
      if ("answer" in route) return ask(route, request, { stages, limits });
      if ("converse" in route) return talk(route, request, { stages, limits });
      return route.stream ? serveStream(route.open(request), stages) : serveCall(route.open(request), stages);
    },
  }));
}

interface Asked {
  readonly stages: Stages;
  readonly limits: InquiryLimits;
}

function ask(route: GrpcInfoRoute, request: GrpcRequest, { stages, limits }: Asked): Promise<GrpcReply> {
  const signal = signalOf(request, limits.stopping, limits.timeoutMs);
  return serveInfo(
    {
      call: toRecorded(request, route.protocol),
      isPublic: route.isPublic || isOpened(route.id, limits.opened),
      answer: async () => {
        const message = await request.readMessage({ ...MAX_INQUIRY, signal });
        return toGrpcReply(await route.answer(message, request));
      },
      encodeError: (error) => toGrpcError(error, request.requestId),
    },
    stages,
  );
}

function talk(route: GrpcTalkRoute, request: GrpcRequest, { stages, limits }: Asked): Promise<GrpcReply> {
  const signal = signalOf(request, limits.stopping, undefined);
  return serveTalk(
    {
      call: toRecorded(request, route.protocol),
      isPublic: route.isPublic || isOpened(route.id, limits.opened),
      converse: () => route.converse(request.messages({ ...MAX_INQUIRY, signal }), signal),
      encode: (answers) => toGrpcReply(answers),
      encodeError: (error) => toGrpcError(error, request.requestId),
    },
    stages,
  );
}

/** Aborts when the caller is gone (the transport says so of every call in the end), the server stops, or the time is over. */
function signalOf(request: GrpcRequest, stopping: Cancellation, timeoutMs: number | undefined): Cancellation {
  const joined = new Canceller();
  const stop = (): void => joined.abort(new ServingError("UNAVAILABLE", "the server shuts down"));
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          joined.abort(new ServingError("REQUEST_TIMEOUT", `the message did not arrive within ${timeoutMs} ms`));
        }, timeoutMs);
  if (stopping.aborted) stop();
  else stopping.addEventListener("abort", stop, { once: true });
  request.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    stopping.removeEventListener("abort", stop);
    joined.abort(new ServingError("CANCELLED", "the caller went away"));
  });
  return joined;
}
