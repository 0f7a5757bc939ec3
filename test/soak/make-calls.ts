import type { Answer, CallOptions, Surface } from "../contract/surfaces/surface.ts";
import type { Chance } from "./chance.ts";
import { drawCall, type DrawnCall, KINDS } from "./draw-call.ts";
import type { Faults, Ledger, LedgerEntry } from "./ledger.ts";

/** Codes of gRPC that its client gives of its own accord. */
const GRPC = { ok: 0, cancelled: 1, deadlineExceeded: 4, unavailable: 14 } as const;

export interface MakeCallsOptions {
  readonly surface: Surface;
  readonly calls: number;
  readonly callers: number;
  readonly chance: Chance;
  readonly key: string;
  readonly ledger: Ledger;
  readonly faults: Faults;
  /** Told of each call that has ended. */
  onCall(): void;
}

/** Makes calls of every kind on one surface by some callers, each one at a time, and writes down how each has ended. */
export async function makeCalls(options: MakeCallsOptions): Promise<void> {
  let left = options.calls;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await makeCall(drawCall(options.chance), options);
      options.onCall();
    }
  };
  await Promise.all(Array.from({ length: options.callers }, caller));
}

async function makeCall(drawn: DrawnCall, { surface, key, ledger, faults }: MakeCallsOptions): Promise<void> {
  const requestId = `soak-${ledger.size}`;
  const leaver = new AbortController();
  const timer = drawn.leaveAfterMs === undefined ? undefined : setTimeout(() => leaver.abort(), drawn.leaveAfterMs);
  const call: CallOptions = {
    requestId,
    headers: { "x-api-key": drawn.isKeyGood ? key : `${key}x` },
    signal: leaver.signal,
    ...(drawn.timeoutMs === undefined ? {} : { timeoutMs: drawn.timeoutMs }),
  };
  const { name, protocol, transport } = surface;
  const begun = { surface: name, protocol, transport, kind: drawn.kind, startedMs: Date.now() } as const;
  // Its place in the ledger is taken at once, so that no other call gets its id.
  ledger.set(requestId, { ...begun, end: "cut", endedMs: Infinity });
  const answered = drawn.bytes === undefined ? surface.call(drawn.rows, call) : surface.sendBytes(drawn.bytes, call);
  const answer = await answered.catch((error: unknown) => toText(error));
  clearTimeout(timer);
  const end = endOf(answer, { drawn, transport, hasLeft: leaver.signal.aborted });
  const entry = { ...begun, end, endedMs: Date.now() };
  ledger.set(requestId, entry);
  judge({ requestId, entry, drawn, answer, faults });
}

function endOf(
  answer: Answer | string,
  call: { readonly drawn: DrawnCall; readonly transport: "http" | "grpc"; readonly hasLeft: boolean },
): LedgerEntry["end"] {
  if (typeof answer === "string") return call.hasLeft ? "left" : "cut";
  if (call.transport === "http") return answer.status;
  if (answer.status === GRPC.cancelled && call.hasLeft) return "left";
  if (answer.status === GRPC.deadlineExceeded && call.drawn.kind === "late") return "left";
  return answer.status === GRPC.unavailable ? "cut" : answer.status;
}

/** Whether a call that was answered got the answer that it should. */
function judge(ended: {
  readonly requestId: string;
  readonly entry: LedgerEntry;
  readonly drawn: DrawnCall;
  readonly answer: Answer | string;
  readonly faults: Faults;
}): void {
  const { requestId, entry, drawn, answer, faults } = ended;
  const { surface, transport, kind, end } = entry;
  if (end === "cut" || end === "left" || typeof answer === "string") return;
  const isGood = end === (transport === "http" ? 200 : GRPC.ok);
  const wanted = KINDS[kind].ends[transport];
  // Who leaves early may have been answered before.
  if (end !== wanted && !(isGood && kind === "leaves early"))
    faults.add(`${kind} over ${surface}: expected ${wanted}, got ${end}`, `${requestId} ${answer.error}`);
  const doubled = drawn.rows.flat().map((value) => value * 2);
  if (isGood && answer.values.join() !== doubled.join())
    faults.add(`${kind} over ${surface}: wrong numbers`, `${requestId} ${answer.values.join()}, not ${doubled.join()}`);
}

function toText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
