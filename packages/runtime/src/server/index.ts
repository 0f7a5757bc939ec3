export {
  type DescribedModel,
  describeService,
  type ModelFolders,
  type ServiceDescription,
} from "./describe-service.ts";
export { readExampleFiles } from "./example-files.ts";
export { findService, type FoundService } from "./find-service.ts";
export { isBento, openBento, type OpenedBento } from "./open-bento.ts";
export { runUntilStopped } from "./run-server.ts";
export type { ServiceEntry } from "./service-entry.ts";
export { startServer, type RunningServer, type StartOptions } from "./start-server.ts";
export { modelApiNames, zeroCodeService } from "./zero-code.ts";
