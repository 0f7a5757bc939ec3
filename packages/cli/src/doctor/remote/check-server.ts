import { randomUUID } from "node:crypto";
import { createGrpcClient } from "./ask-grpc.ts";
import { createRestClient, type RestAnswer, type RestClient } from "./ask-rest.ts";
import { checkHeaders } from "./check-headers.ts";
import { checkNetwork } from "./check-network.ts";
import { checkRoutes } from "./check-routes.ts";
import { checkTls } from "./check-tls.ts";
import type { Check, Finding } from "./check.ts";
import type { ExpectedRoute } from "./expected-routes.ts";
import { failureText, isCertificateDemand } from "./failure-text.ts";
import { nameOf, type Place } from "./place.ts";
import { verdictOfGrpc, verdictOfRest } from "./verdict.ts";

/** Where a server runs. */
export interface ServerPlaces {
  readonly rest: Place;
  /** Undefined where it is not to be asked. */
  readonly grpc: Place | undefined;
}

/** Checks a running server as a stranger sees it: nothing that is sent is a credential or an input. Rejects for nothing that it finds. */
export async function checkServer(
  { rest, grpc }: ServerPlaces,
  routes: readonly ExpectedRoute[],
  nowMs: number,
): Promise<readonly Check[]> {
  const ofRest = await checkPlace(rest, nowMs, () => askRest(rest, routes));
  if (grpc === undefined) {
    const skipped = {
      check: "routes",
      about: "grpc",
      level: "skipped",
      message: "gRPC was not asked: --grpc host:port",
    } as const;
    return [...ofRest, skipped];
  }
  return [...ofRest, ...(await checkPlace(grpc, nowMs, () => askGrpc(grpc, routes)))];
}

async function checkPlace(
  place: Place,
  nowMs: number,
  ask: () => Promise<readonly Finding[]>,
): Promise<readonly Check[]> {
  const network = await checkNetwork(place);
  const isReached = network.every(({ level }) => level !== "problem");
  const secured = isReached ? await checkSecured(place, nowMs) : [];
  const asked = isReached ? await ask() : [];
  return [...network, ...secured, ...asked].map((finding) => ({ about: nameOf(place), ...finding }));
}

async function checkSecured(place: Place, nowMs: number): Promise<readonly Finding[]> {
  if (place.isSecure) return checkTls(place, nowMs);
  return [
    {
      check: "protocols",
      level: "problem",
      message: "connections are not secured: what is sent can be read and changed on its way",
    },
  ];
}

async function askRest(place: Place, routes: readonly ExpectedRoute[]): Promise<readonly Finding[]> {
  const client = createRestClient(place);
  try {
    const own = routes.filter(({ transport }) => transport === "REST");
    return [
      ...(await lookAround(client, place)),
      ...(await checkRoutes(own, async ({ method, path }) => {
        const { status } = await client.ask(method, path);
        return { verdict: verdictOfRest(status), answer: `HTTP ${status}` };
      })),
    ];
  } finally {
    client.close();
  }
}

/** What is seen at a path that nobody has, and at a probe. */
async function lookAround(client: RestClient, { isSecure }: Place): Promise<readonly Finding[]> {
  const answers: Record<string, RestAnswer> = {};
  try {
    answers["GET /healthz"] = await client.ask("GET", "/healthz");
    const unknown = await client.ask("GET", `/unknown-${randomUUID()}`);
    answers["GET /unknown"] = unknown;
    return [checkHeaders(answers, isSecure), checkUnknown(unknown.status)];
  } catch (cause) {
    if (isCertificateDemand(cause))
      return [
        { check: "headers", level: "skipped", message: "connections without a client certificate are ended at once" },
      ];
    return [{ check: "headers", level: "problem", message: `no answer to GET /healthz: ${failureText(cause)}` }];
  }
}

function checkUnknown(status: number): Finding {
  const check = "unknown path";
  if (verdictOfRest(status) === "refused")
    return { check, level: "ok", message: `a path that nobody has is refused too (HTTP ${status})` };
  const message = `a path that nobody has is answered with HTTP ${status} in place of 401: callers without credentials learn what there is`;
  return { check, level: "warning", message };
}

async function askGrpc(place: Place, routes: readonly ExpectedRoute[]): Promise<readonly Finding[]> {
  const client = createGrpcClient(place);
  try {
    const own = routes.filter(({ transport }) => transport === "gRPC");
    return await checkRoutes(own, async ({ path }) => {
      const answer = await client.ask(path);
      return {
        verdict: verdictOfGrpc(answer),
        answer: "http" in answer ? `HTTP ${answer.http}` : `gRPC ${answer.grpc}`,
      };
    });
  } finally {
    client.close();
  }
}
