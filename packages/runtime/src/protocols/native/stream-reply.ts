import type { HttpReply, ReplyExtra } from "../../call/types.ts";
import { ServingError, toServingError } from "../../errors.ts";
import { stringifyJson } from "../../io/json-text.ts";
import type { Payload } from "../../io/types.ts";
import { toProblemBody } from "./problem.ts";

/** How each value, the end and an error look in a streaming format. */
interface StreamFormat {
  value(json: string): string;
  readonly end: string;
  error(json: string): string;
}

const FORMATS: Readonly<Record<string, StreamFormat>> = {
  // Server-sent events, WHATWG HTML 9.2: JSON text holds no raw line break, so one data line carries a value.
  "text/event-stream": {
    value: (json) => `data: ${json}\n\n`,
    end: "event: end\ndata: {}\n\n",
    error: (json) => `event: error\ndata: ${json}\n\n`,
  },
  "application/x-ndjson": { value: (json) => `${json}\n`, end: "", error: (json) => `{"error":${json}}\n` },
};

/**
 * The reply of a streaming API.
 *
 * SSE: a `data` event for each value, then `event: end`, or `event: error` with problem details. NDJSON: a line for each value; an error is a last line
 * `{"error": problem}`. After an error the connection is cut, so that no proxy takes the stream for whole.
 */
export function streamReply(
  outputs: AsyncIterable<Payload>,
  {
    mediaType,
    extra,
    requestId,
  }: { readonly mediaType: string; readonly extra: ReplyExtra; readonly requestId: string },
): HttpReply {
  const format = FORMATS[mediaType];
  if (format === undefined) throw new ServingError("INTERNAL", `no stream can be written as ${mediaType}`);
  return {
    status: 200,
    // Proxies that gather replies (nginx) would hold back the events.
    headers: { ...extra.headers, "content-type": mediaType, "x-accel-buffering": "no" },
    body: writeChunks(outputs, format, requestId),
  };
}

/** An iterator of its own: ending it before its first value must end the outputs too, which an unstarted generator would not do. */
function writeChunks(outputs: AsyncIterable<Payload>, format: StreamFormat, requestId: string): AsyncIterable<string> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = outputs[Symbol.asyncIterator]();
      let ended = false;
      let failure: ServingError | undefined;
      return {
        next: async () => {
          if (failure !== undefined) throw failure;
          if (ended) return { done: true, value: undefined };
          try {
            const next = await iterator.next();
            if (next.done !== true) return { done: false, value: format.value(jsonOf(next.value)) };
            ended = true;
            return format.end === "" ? { done: true, value: undefined } : { done: false, value: format.end };
          } catch (thrown) {
            failure = toServingError(thrown);
            return { done: false, value: format.error(JSON.stringify(toProblemBody(failure, requestId))) };
          }
        },
        return: async () => {
          ended = true;
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

function jsonOf(payload: Payload): string {
  if (payload.kind !== "json") throw new ServingError("INTERNAL", "only values that JSON can carry can be streamed");
  return stringifyJson(payload.value);
}
