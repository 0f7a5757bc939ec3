export {
  type DescribedModel,
  describeService,
  type ModelFolders,
  type NamedModel,
  namedModels,
  type ServiceDescription,
} from "./describe-service.ts";
export { modelsEntry, type ModelsPlace } from "./models-entry.ts";
export { readExampleFiles } from "./example-files.ts";
export { findService, type FoundService } from "./find-service.ts";
export { isBento, openBento, type OpenedBento } from "./open-bento.ts";
export { runUntilStopped } from "./run-server.ts";
export type { ModelsEntry, ServedFile, ServiceEntry } from "./service-entry.ts";
export { documentedSecurity } from "./security/documented-security.ts";
export { examineServer, explainAccess, knownRoutes } from "./security/asked-by-people.ts";
export type { Examination } from "./security/doctor/examine-server.ts";
export type { Finding } from "./security/doctor/finding.ts";
export type { AccessExplanation, AccessQuestion } from "./security/explain-access.ts";
export type { ListedAccess, ListedFunction, ListedRoute, RoutePolicy, ServerPlan } from "./security/list-routes.ts";
export { assertSecure } from "./security/assert-secure.ts";
export { nobodyMayCall } from "./security/nobody-may-call.ts";
export { startServer, type RunningServer, type StartOptions } from "./start-server.ts";
export { tuneService } from "./tune-service.ts";
export { zeroCodeService } from "./zero-code.ts";
