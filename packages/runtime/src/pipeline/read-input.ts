import type { RawCall, Reading, Target } from "../call/types.ts";
import { ServingError } from "../errors.ts";
import type { Payload } from "../io/types.ts";
import type { Visit } from "../limits/admit.ts";
import type { CallScope } from "./call-scope.ts";
import type { Stages } from "./stages.ts";

/** The shortest of the server's, the API's and the caller's time, in milliseconds. Throws INVALID_ARGUMENT when the caller's can't be read. */
export function timeoutMsOf(call: RawCall<unknown>, apiTimeoutMs: number | null, stages: Stages): number {
  return Math.min(longestCallMs(apiTimeoutMs, stages), call.callerTimeoutMs() ?? Infinity);
}

/** The shorter of the server's and the API's time: what a call may take whose caller asks for no less. */
export function longestCallMs(
  apiTimeoutMs: number | null,
  { requestTimeoutMs }: Pick<Stages, "requestTimeoutMs">,
): number {
  return Math.min(requestTimeoutMs, apiTimeoutMs ?? Infinity);
}

/** Who is told of a body while it is read: admission how long it is, the record what it holds. */
export interface BodyWatchers {
  readonly visit: Visit;
  readonly tap: Reading["tap"];
}

/**
 * Reads the payload of an admitted call; its bytes are counted as held while they come.
 *
 * Throws REQUEST_TIMEOUT when the body has not come within the call's time: who sends slowly must act, not the server.
 */
export function readInput(
  call: RawCall<unknown>,
  scope: CallScope,
  watchers: BodyWatchers,
): Payload | Promise<Payload> {
  const payload = call.decode(readingOf(scope, watchers));
  // A body that came whole with its headers was read without a wait.
  return payload instanceof Promise ? arriving(scope, payload) : payload;
}

/** The same for a call whose body says what is called. */
export function readTarget(call: RawCall<unknown>, scope: CallScope, watchers: BodyWatchers): Promise<Target> {
  return arriving(scope, Promise.resolve(call.target(readingOf(scope, watchers))));
}

function readingOf(scope: CallScope, { visit, tap }: BodyWatchers): Reading {
  return { signal: scope.cancellation, hold: (bytes) => visit.hold(bytes), tap };
}

async function arriving<T>(scope: CallScope, reading: Promise<T>): Promise<T> {
  try {
    return await scope.race(reading);
  } catch (thrown) {
    if (!(thrown instanceof ServingError) || thrown.code !== "DEADLINE_EXCEEDED") throw thrown;
    throw new ServingError("REQUEST_TIMEOUT", `the body did not arrive in time: ${thrown.message}`, { cause: thrown });
  }
}
