export { findService, type FoundService } from "./find-service.ts";
export { runUntilStopped } from "./run-server.ts";
export type { ServiceEntry } from "./service-entry.ts";
export { startServer, type RunningServer, type StartOptions } from "./start-server.ts";
export { modelApiNames, zeroCodeService } from "./zero-code.ts";
