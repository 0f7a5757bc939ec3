import { TOKEN_STEPS, type TokenStep } from "../../auth/oidc/token-steps.ts";
import type { Trace } from "../../auth/rules/decide.ts";
import { Canceller } from "../../call/cancellation.ts";
import type { CallRequest, Principal } from "../../call/types.ts";
import type { Config } from "../../config/types.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import { ERROR_TABLE, type ErrorCode } from "../../error-table.ts";
import { ServingError, toServingError } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";
import { type OpenAccess, openAccess } from "./open-access.ts";
import type { SecurityEvents } from "./security-events.ts";

/** A call as far as its headers say who makes it. */
export interface AccessQuestion {
  readonly api: string;
  /** Fields with credentials, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One thing that was looked at. */
interface ExplainedStep {
  readonly step: string;
  readonly ok: boolean;
  /** What was found, never a credential nor the value of a claim. */
  readonly detail: string;
}

/** Why a call would be let in or refused. */
export interface AccessExplanation {
  readonly allowed: boolean;
  /** In their order up to the one that decided. */
  readonly steps: readonly ExplainedStep[];
  /** Rules that were looked at, each with its keys up to the first that did not hold. */
  readonly rules: readonly Parameters<Trace>[0][];
  /** `author.allow[0]`, or `default` where no rule decided; undefined where it was not asked what the caller may. */
  readonly clause: string | undefined;
  readonly principal:
    { readonly name: string; readonly method: string; readonly claims: readonly string[] } | undefined;
  /** Why it is refused, as audit records name it. */
  readonly reason: string | undefined;
  readonly code: ErrorCode | "OK";
  /** Status over HTTP. */
  readonly http: number;
  /** Status over gRPC. */
  readonly grpc: number;
}

/**
 * Explains whether a server with this configuration lets a caller call an API: with the server's own authenticators, keys, rules and order, so that it can't say
 * anything else. What is asked of addresses, rates and client certificates is left out.
 *
 * Throws NOT_FOUND for an API that the service does not have, and what `openAccess` throws.
 */
export async function explainAccess(
  { config, definition }: { readonly config: Config; readonly definition: ServiceDefinition },
  question: AccessQuestion,
): Promise<AccessExplanation> {
  const api = definition.apis.find(({ name }) => name === question.api);
  if (api === undefined) {
    const names = definition.apis.map(({ name }) => name).join(", ");
    throw new ServingError(
      "NOT_FOUND",
      `${definition.name} has no function ${JSON.stringify(question.api)}; it has ${names}`,
    );
  }
  const steps: ExplainedStep[] = [];
  const passed: TokenStep[] = [];
  const access = await openAccess({
    config,
    definition,
    events: eventsTo(steps),
    failedAttempts: undefined,
    onTokenStep: (step) => passed.push(step),
  });
  try {
    await access.firstLook;
    const asked = await authenticate(access, question);
    steps.push(...passed.map((step) => ({ step, ok: true, detail: PASSED[step] })));
    if (asked instanceof ServingError) return refused({ steps: [...steps, failedStep(asked, passed)], error: asked });
    steps.push({ step: "caller", ok: true, detail: `${asked.name} (${asked.method})` });
    return decide(access, asked, { api, steps });
  } finally {
    access.close();
  }
}

const PASSED = {
  form: "a signed token in compact form",
  issuer: "one of the configured issuers",
  header: "an algorithm and a type that are taken",
  signature: "verified by a key of the issuer",
  claims: "in time, for this audience, with what the issuer's entry demands",
  principal: "names a caller",
} as const satisfies Record<TokenStep, string>;

async function authenticate(access: OpenAccess, { api, headers }: AccessQuestion): Promise<Principal | ServingError> {
  const request: CallRequest = {
    requestId: "explain",
    method: "POST",
    route: `/${api}`,
    headers,
    valuesOf: (name) => (Object.hasOwn(headers, name) ? [headers[name] ?? ""] : []),
    peerIp: "127.0.0.1",
    clientIp: "127.0.0.1",
    signal: new Canceller(),
  };
  try {
    return await access.authenticate(request, "call");
  } catch (thrown) {
    return toServingError(thrown);
  }
}

/** The step that a refused credential did not pass: of a token the next one, of anything else the credential as a whole. */
function failedStep(error: ServingError, passed: readonly TokenStep[]): ExplainedStep {
  const { detail } = error.details;
  const isOfToken = error.challenge.some((text) => text.startsWith("Bearer")) || error.reason === "keys_unavailable";
  const next = isOfToken && error.reason !== "missing_credentials" ? TOKEN_STEPS[passed.length] : undefined;
  return { step: next ?? "credential", ok: false, detail: typeof detail === "string" ? detail : error.message };
}

function decide(
  { authorizer, policy }: OpenAccess,
  principal: Principal,
  { api, steps }: { readonly api: ServiceDefinition["apis"][number]; readonly steps: readonly ExplainedStep[] },
): AccessExplanation {
  const { clause, refusal } = authorizer.decide(principal, { api });
  const told = { name: principal.name, method: principal.method, claims: Object.keys(principal.claims) };
  if (refusal?.reason === "missing_credentials" && clause === "default") {
    const step = { step: "rules", ok: false, detail: "callers without credentials may not call this function" };
    return { ...refused({ steps: [...steps, step], error: refusal }), clause, principal: told };
  }
  const rules: Parameters<Trace>[0][] = [];
  policy.decide(api.name, principal, (step) => rules.push(step));
  const last = { step: "rules", ok: refusal === undefined, detail: clause };
  if (refusal !== undefined)
    return { ...refused({ steps: [...steps, last], error: refusal }), rules, clause, principal: told };
  return {
    allowed: true,
    steps: [...steps, last],
    rules,
    clause,
    principal: told,
    reason: undefined,
    code: "OK",
    http: 200,
    grpc: 0,
  };
}

function refused({
  steps,
  error,
}: {
  readonly steps: readonly ExplainedStep[];
  readonly error: ServingError;
}): AccessExplanation {
  const { http, grpc } = ERROR_TABLE[error.code];
  const { code, reason } = error;
  return { allowed: false, steps, rules: [], clause: undefined, principal: undefined, reason, code, http, grpc };
}

/** What goes wrong with files and issuers meanwhile is told as steps. */
function eventsTo(steps: ExplainedStep[]): SecurityEvents {
  return {
    reloaded: () => undefined,
    linesLeftOut: (what, problems) =>
      steps.push(...problems.map(({ path, message }) => ({ step: what, ok: false, detail: `${path}: ${message}` }))),
    keysLoaded: (issuer, { keys }) => steps.push({ step: "keys", ok: true, detail: `${keys} of ${issuer}` }),
    keysFailed: (issuer, cause) => steps.push({ step: "keys", ok: false, detail: `of ${issuer}: ${reasonOf(cause)}` }),
  };
}
