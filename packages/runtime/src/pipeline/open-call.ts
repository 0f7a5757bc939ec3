import { callerKey } from "../call/caller-key.ts";
import { Canceller } from "../call/cancellation.ts";
import type { Principal, RawCall, Reading, Target } from "../call/types.ts";
import type { ErrorCode } from "../error-table.ts";
import { ServingError } from "../errors.ts";
import type { PayloadKind } from "../io/types.ts";
import type { Visit } from "../limits/admit.ts";
import { type CallScope, openScope } from "./call-scope.ts";
import { readTarget, timeoutMsOf } from "./read-input.ts";
import type { CallRecord, Stages } from "./stages.ts";

/** A call that was authorised and let in; its body was not touched yet. */
export interface OpenCall {
  readonly principal: Principal;
  readonly target: Target;
  readonly as: PayloadKind;
  readonly visit: Visit;
  readonly scope: CallScope;
}

/**
 * The security order of every call: who calls → what → may they → in which shape and time → how often → is there room. Throws what the refusing step throws.
 *
 * Where the body says what is called, there must be room for it before it is read: the caller is known then, what they may call is asked once the target is.
 * Whoever gets an open call must close its scope and let its visit leave: nothing may throw between this and the `try` that does so.
 */
export async function openCall(call: RawCall<unknown>, stages: Stages, record: CallRecord): Promise<OpenCall> {
  // Each step is waited for only where it has to be: a wait for nothing costs as much as a small step itself.
  const caller = authenticate(call, stages, record);
  const principal = caller instanceof Promise ? await caller : caller;
  record.principal = principal;
  if (call.isTargetInBody === true) return openByBody(call, stages, { record, principal });
  const aimed = aim(() => call.target(NOTHING_TO_READ), stages, principal);
  const target = aimed instanceof Promise ? await aimed : aimed;
  const { as, timeoutMs } = permit(call, stages, { record, principal, target });
  const { rates } = stages;
  if (rates !== undefined) {
    const rated = { principal, clientIp: call.request.clientIp };
    await rates.ofCaller(rated);
    await rates.ofApi(rated, target.api.name);
  }
  const visit = enter(call, stages, { principal, timeoutMs, api: target.api.name });
  const scope = scopeOf(call, stages, { timeoutMs, isStream: target.api.stream });
  visit.onDisplaced(scope.end);
  return { principal, target, as, visit, scope };
}

/** Says who calls. Of a caller who is refused the record tells all the same what was called, where that is known without the body. */
function authenticate(call: RawCall<unknown>, stages: Stages, record: CallRecord): Principal | Promise<Principal> {
  const refuse = (thrown: unknown): never => {
    aimWithoutBody(call, record);
    throw thrown;
  };
  try {
    const caller = stages.authenticate(call.request, "call");
    return caller instanceof Promise ? caller.catch(refuse) : caller;
  } catch (thrown) {
    return refuse(thrown);
  }
}

function aimWithoutBody(call: RawCall<unknown>, record: CallRecord): void {
  if (call.isTargetInBody === true) return;
  try {
    const target = call.target(NOTHING_TO_READ);
    if (!(target instanceof Promise)) record.aim(target);
  } catch {
    // There is no such target: the record names none, and the caller is told why it was refused.
  }
}

/** What is called. Who has shown no credential is asked for one before they are told that it is not there. Source: security.md A4. */
function aim(
  target: () => Target | Promise<Target>,
  { authorizer }: Stages,
  principal: Principal,
): Target | Promise<Target> {
  const refuse = (thrown: unknown): never => {
    if (thrown instanceof ServingError && TELLING.has(thrown.code)) authorizer.assertKnown(principal);
    throw thrown;
  };
  try {
    const aimed = target();
    return aimed instanceof Promise ? aimed.catch(refuse) : aimed;
  } catch (thrown) {
    return refuse(thrown);
  }
}

/** Errors that tell what is called, or that this can't be read; the others are about room and time. */
const TELLING: ReadonlySet<ErrorCode> = new Set(["INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED"]);

function enter(
  { request, announcedBytes = 0 }: RawCall<unknown>,
  { admission }: Stages,
  { principal, ...facts }: { readonly principal: Principal; readonly timeoutMs: number; readonly api?: string },
): Visit {
  return admission.enter({ caller: callerKey(principal, request.clientIp), announcedBytes, ...facts });
}

function scopeOf(
  call: RawCall<unknown>,
  { openCalls }: Stages,
  options: { readonly timeoutMs: number; readonly isStream: boolean },
): CallScope {
  return openScope(call.request.signal, { ...options, openCalls });
}

interface Caller {
  readonly record: CallRecord;
  readonly principal: Principal;
}

async function openByBody(call: RawCall<unknown>, stages: Stages, caller: Caller): Promise<OpenCall> {
  const sinceMs = performance.now();
  const { rates } = stages;
  const rated = { principal: caller.principal, clientIp: call.request.clientIp };
  const { clause, refusal } = stages.authorizer.decideAny(caller.principal);
  if (refusal !== undefined) {
    caller.record.rule = clause;
    throw refusal;
  }
  // Of a body that is not read yet it is known who sends it: what depends on that alone is asked before.
  await rates?.ofCaller(rated);
  const arrivalMs = timeoutMsOf(call, null, stages);
  const visit = enter(call, stages, { principal: caller.principal, timeoutMs: arrivalMs });
  const arrival = scopeOf(call, stages, { timeoutMs: arrivalMs, isStream: false });
  visit.onDisplaced(arrival.end);
  try {
    const read = (): Promise<Target> => readTarget(call, arrival, { visit, tap: caller.record.tap });
    const target = await aim(read, stages, caller.principal);
    const { as, timeoutMs } = permit(call, stages, { ...caller, target });
    visit.aim(target.api.name);
    await rates?.ofApi(rated, target.api.name);
    const leftMs = Math.max(1, timeoutMs - (performance.now() - sinceMs));
    const scope = scopeOf(call, stages, { timeoutMs: leftMs, isStream: target.api.stream });
    visit.onDisplaced(scope.end);
    return { principal: caller.principal, target, as, visit, scope };
  } catch (thrown) {
    if (arrival.cancellation.aborted) caller.record.cancelled(arrival.cancellation.reason);
    visit.leave();
    throw thrown;
  } finally {
    arrival.close();
  }
}

interface Permitted {
  readonly as: PayloadKind;
  readonly timeoutMs: number;
}

/** The steps between knowing what is called and letting it in. */
function permit(
  call: RawCall<unknown>,
  stages: Stages,
  { record, principal, target }: Caller & { readonly target: Target },
): Permitted {
  record.aim(target);
  stages.assertMayReach(call.request.clientIp, target.api.name);
  const { clause, refusal } = stages.authorizer.decide(principal, target);
  record.rule = clause;
  if (refusal !== undefined) throw refusal;
  return { as: call.wants(), timeoutMs: timeoutMsOf(call, target.api.timeoutMs, stages) };
}

const NOTHING_TO_READ: Reading = { signal: new Canceller(), hold: () => undefined };
