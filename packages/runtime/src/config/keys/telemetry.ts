import type { KeyRow } from "../key-row.ts";
import { oneOf } from "../key-types.ts";

/** Keys about what the server tells of itself. */
export const TELEMETRY_KEYS = {
  "telemetry.logLevel": {
    type: oneOf(["trace", "debug", "info", "warn", "error", "silent"]),
    default: "info",
    reason: "start, stop and faults, not one line for each call",
    doc: "Least level that is logged.",
  },
  "telemetry.logFormat": {
    type: oneOf(["auto", "json", "pretty"]),
    default: "auto",
    reason: "readable on a terminal, JSON lines anywhere else",
    doc: "Form of log lines.",
  },
  "telemetry.traces": {
    type: oneOf(["off", "otlp", "console"]),
    default: "off",
    reason: "nothing leaves the server that nobody asked for",
    doc: "Where spans of calls go: nowhere, to a collector by OTLP, or into the log. OpenTelemetry's own variables say the rest.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
