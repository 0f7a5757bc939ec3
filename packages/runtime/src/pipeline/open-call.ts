import type { Principal, RawCall, Target } from "../call/types.ts";
import type { PayloadKind } from "../io/types.ts";
import type { Visit } from "../limits/admit.ts";
import { type CallScope, openScope } from "./call-scope.ts";
import { timeoutMsOf } from "./read-input.ts";
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
 * The security order of every call: who calls → what → may they → in which shape and time → is there room. Throws what the refusing step throws.
 *
 * Whoever gets an open call must close its scope and let its visit leave: nothing may throw between this and the `try` that does so.
 */
export async function openCall(call: RawCall<unknown>, stages: Stages, record: CallRecord): Promise<OpenCall> {
  const principal = await stages.authenticate(call);
  record.principal = principal;
  const target = await call.target();
  record.aim(target);
  await stages.authorize(principal, target);
  const as = call.wants();
  const timeoutMs = timeoutMsOf(call, target.api.timeoutMs, stages);
  const visit = stages.admission.enter(call.announcedBytes ?? 0);
  return { principal, target, as, visit, scope: openScope(call.signal, timeoutMs) };
}
