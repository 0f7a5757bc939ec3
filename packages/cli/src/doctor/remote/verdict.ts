import type { GrpcAnswer } from "./ask-grpc.ts";

/** What an answer says of a route to who has no credential. */
export type Verdict = "refused" | "absent" | "moved" | "unclear" | "answered";

/** What a status of REST says. What a route makes of an input that is missing (400, 415, …) comes from behind the door. */
export function verdictOfRest(status: number): Verdict {
  if (REFUSED.has(status)) return "refused";
  if (ABSENT.has(status)) return "absent";
  if (status >= 300 && status < 400) return "moved";
  return status === 429 || status >= 500 ? "unclear" : "answered";
}

const REFUSED: ReadonlySet<number> = new Set([401, 403, 407]);
const ABSENT: ReadonlySet<number> = new Set([404, 405, 410, 501]);

/** What the end of a gRPC call says. */
export function verdictOfGrpc(answer: GrpcAnswer): Verdict {
  if ("http" in answer) {
    const verdict = verdictOfRest(answer.http);
    return verdict === "answered" ? "unclear" : verdict;
  }
  return GRPC_VERDICTS[answer.grpc] ?? "answered";
}

/** PERMISSION_DENIED and UNAUTHENTICATED; UNIMPLEMENTED; DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE. */
const GRPC_VERDICTS: Readonly<Record<number, Verdict>> = {
  7: "refused",
  16: "refused",
  12: "absent",
  4: "unclear",
  8: "unclear",
  14: "unclear",
};
