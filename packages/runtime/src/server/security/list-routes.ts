import { ANONYMOUS } from "../../auth/authenticate.ts";
import type { AuthMethod } from "../../call/types.ts";
import type { Config } from "../../config/types.ts";
import type { Access } from "../../definition/access/types.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import { ServingError } from "../../errors.ts";
import { ownerOfPredict } from "../../protocols/predict-owner.ts";
import { planProto } from "../../protocols/proto/plan-proto.ts";
import type { ProtoRecord } from "../../protocols/proto/types.ts";
import type { ProtocolHost } from "../../protocols/types.ts";
import { adminPaths } from "../../transports/admin/admin-server.ts";
import { joinPath } from "../../transports/http/create-app.ts";
import { DOCS_PATHS } from "../../transports/http/docs.ts";
import { grpcRoutes } from "../grpc-routes.ts";
import { restRoutes, spokenProtocols } from "../rest-routes.ts";
import { isOpened } from "./is-opened.ts";
import type { OpenAccess } from "./open-access.ts";
import { samplePath } from "./sample-path.ts";

/** A server that need not run. */
export interface ServerPlan {
  readonly config: Config;
  readonly definition: ServiceDefinition;
  readonly protoRecord?: ProtoRecord | undefined;
}

/** What is asked of callers: nothing, any good credential, or what the rules of the function say that is called. */
export type RoutePolicy =
  | {
      readonly policy: "public";
      /** Who lets everybody in: every server does, its configuration, the function's author. */ readonly openedBy:
        "product" | "platform" | "author";
    }
  | { readonly policy: "authenticated" | "rules" };

/** One route of a server. Those over REST that take GET take HEAD as well. */
export type ListedRoute = RoutePolicy & {
  readonly transport: "REST" | "gRPC" | "admin";
  readonly id: string;
  /** HTTP method; POST over gRPC. */
  readonly method: string;
  /** Path template with `:name` parameters, behind the base path; `/package.Service/Method`. */
  readonly path: string;
  /** A path of it that may be asked for, without the base path. */
  readonly sample: string;
  /** The function that it calls; undefined where it calls none, or path or body say which. */
  readonly api: string | undefined;
};

/** Who may call a function, by the rules in force. */
export type ListedFunction = RoutePolicy & {
  readonly name: string;
  /** Rules of which each must allow. None where the policy is "rules": nobody may, by `security.defaultAuthorization`. */
  readonly rules: readonly { readonly owner: "platform" | "author"; readonly access: Access }[];
};

/** All routes of a server with what is asked of their callers, and who may call its functions. */
export interface ListedAccess {
  /** How callers may show who they are; none: nobody is asked. */
  readonly ways: readonly AuthMethod[];
  readonly functions: readonly ListedFunction[];
  readonly routes: readonly ListedRoute[];
}

/** Lists the routes of every protocol as a server with this configuration binds them, by the same code, with what is asked of their callers. */
export function listAccess(plan: ServerPlan, access: OpenAccess): ListedAccess {
  const functions = plan.definition.apis.map(({ name }): ListedFunction => ({
    name,
    ...policyOfFunction(name, plan, access),
    rules: access.policy.rulesOf(name),
  }));
  return { ways: access.ways, functions, routes: listRoutes(plan, access, functions) };
}

function policyOfFunction(api: string, { config }: ServerPlan, { policy, servesAnonymous }: OpenAccess): RoutePolicy {
  if (policy.isPublic(api)) return { policy: "public", openedBy: "author" };
  if (servesAnonymous && policy.decide(api, ANONYMOUS).allowed) return { policy: "public", openedBy: "platform" };
  const hasRules = policy.rulesOf(api).some(({ access }) => access.allow !== undefined || access.deny !== undefined);
  return { policy: hasRules || config.security.defaultAuthorization === "deny" ? "rules" : "authenticated" };
}

function listRoutes(
  plan: ServerPlan,
  access: OpenAccess,
  functions: readonly ListedFunction[],
): readonly ListedRoute[] {
  const { server, security, kserve } = plan.config;
  const closed: RoutePolicy = access.servesAnonymous
    ? { policy: "public", openedBy: "platform" }
    : { policy: "authenticated" };
  const ofInquiry = (isPublic: boolean, isOpen: boolean): RoutePolicy =>
    isPublic ? { policy: "public", openedBy: "product" } : isOpen ? { policy: "public", openedBy: "platform" } : closed;
  const policyOf = (route: Bound): RoutePolicy => {
    if (route.isPublic !== undefined) return ofInquiry(route.isPublic, isOpened(route.id, security.public));
    if (route.api === null) return closed;
    return route.api === undefined ? sharedPolicy(functions) : policyOfFunction(route.api, plan, access);
  };
  const protocols = spokenProtocols(server.protocols);
  const host = idleHost(plan);
  const told = { metricsText: kserve.isDeployed ? unasked : undefined, state: { get: unasked } };
  const rest = restRoutes(protocols, host, told).map((route) => ({ ...place(route, plan), ...policyOf(route) }));
  const docs = DOCS_PATHS.map((path) => ({
    ...place({ id: "docs", method: "GET", path }, plan),
    ...ofInquiry(false, security.public.includes("docs")),
  }));
  const grpc = grpcRoutes(protocols, host, unasked).map((route) => {
    const path = `/${route.service}/${route.method}`;
    const { id } = route;
    const api = "api" in route ? (route.api ?? undefined) : undefined;
    return { transport: "gRPC" as const, id, method: "POST", path, sample: path, api, ...policyOf(route) };
  });
  const admin = adminPaths(server.admin).map((path) => {
    const where = { transport: "admin" as const, id: `admin.${path.slice(1)}`, method: "GET", path, sample: path };
    return { ...where, api: undefined, policy: "public" as const, openedBy: "product" as const };
  });
  return [...rest, ...docs, ...grpc, ...admin];
}

/** What is asked of every route. */
interface Bound {
  readonly id: string;
  readonly isPublic?: boolean;
  readonly api?: string | null;
}

function place(
  { id, method, path, api }: Bound & { readonly method: string; readonly path: string },
  plan: ServerPlan,
): Pick<ListedRoute, "transport" | "id" | "method" | "path" | "sample" | "api"> {
  const { basePath } = plan.config.server;
  return {
    transport: "REST",
    id,
    method,
    path: joinPath(basePath, path),
    sample: samplePath({ id, method, path }, plan),
    api: api ?? undefined,
  };
}

/** Where a path may name any function: what all of them ask, else that it depends. */
function sharedPolicy(functions: readonly ListedFunction[]): RoutePolicy {
  const [first] = functions;
  const isShared = first !== undefined && functions.every(({ policy }) => policy === first.policy);
  if (!isShared) return { policy: "rules" };
  return first.policy === "public" ? { policy: "public", openedBy: first.openedBy } : { policy: first.policy };
}

/** What protocols are told of a server that does not run: routes ask for the rest when they are called, and none is. */
function idleHost({ config, definition, protoRecord }: ServerPlan): ProtocolHost {
  return {
    definition,
    proto: planProto(definition, protoRecord),
    limits: config.server.limits,
    modelName: config.server.modelName ?? undefined,
    isKServe: config.kserve.isDeployed,
    isReady: () => false,
    onReadyChange: () => () => undefined,
    engineOf: () => undefined,
    statistics: unasked,
    predictOwner: ownerOfPredict(config.server.protocols, definition),
    seldon: { ...config.seldon, countFeedback: unasked },
  };
}

function unasked(): never {
  throw new ServingError("INTERNAL", "this server was only described");
}
