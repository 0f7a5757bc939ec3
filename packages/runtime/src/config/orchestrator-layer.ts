import type { Problem } from "../errors.ts";
import type { Variables } from "./env-layer.ts";
import type { Outcome } from "./key-types.ts";
import { KEYS, type KeyPath } from "./keys.ts";
import { readModelUri } from "./kserve/deployment.ts";
import { type Given, type Layer, valueProblem } from "./layer.ts";
import { ORCHESTRATOR_FLAG_NAMES, ORCHESTRATOR_FLAGS, type OrchestratorFlags } from "./orchestrator-flags.ts";
import { readSdkDisabled, readSeldonTracing, readTracesEndpoint, readTracesExporter } from "./tracing/switches.ts";
import { readLogLevel, readOwnsPredict, readSeldonParameters } from "./seldon/variables.ts";

interface OrchestratorRow {
  readonly variable: string;
  readonly key: KeyPath;
  readonly setBy: string;
  /** What the text stands for, where that is not what it would be in a `BENTO_` variable; undefined for nothing. */
  readonly read?: (text: string) => Outcome<unknown> | undefined;
  /** A variable of the same value says that this one means something else. */
  readonly unlessSameAs?: string;
}

const SELDON = "Seldon";
const OPENTELEMETRY = "OpenTelemetry's users and operators";
const MLSERVER = "KServe and Seldon, for MLServer";

/** Variables by which platforms say where to listen and what to be called; of two that set one key the earlier counts. They never set security. */
export const ORCHESTRATOR_VARIABLES = [
  { variable: "PREDICTIVE_UNIT_HTTP_SERVICE_PORT", key: "server.port", setBy: SELDON },
  { variable: "PREDICTIVE_UNIT_GRPC_SERVICE_PORT", key: "server.grpcPort", setBy: SELDON },
  { variable: "PREDICTIVE_UNIT_METRICS_SERVICE_PORT", key: "server.admin.port", setBy: SELDON },
  { variable: "PREDICTIVE_UNIT_METRICS_ENDPOINT", key: "server.admin.metricsPath", setBy: SELDON },
  {
    variable: "PREDICTIVE_UNIT_SERVICE_PORT",
    key: "server.port",
    setBy: "Seldon before 1.5",
    unlessSameAs: "PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
  },
  { variable: "PREDICTIVE_UNIT_ID", key: "server.modelName", setBy: SELDON },
  { variable: "PREDICTIVE_UNIT_ID", key: "server.protocols.seldon", setBy: SELDON, read: readOwnsPredict },
  { variable: "PREDICTIVE_UNIT_PARAMETERS", key: "parameters", setBy: SELDON, read: readSeldonParameters },
  { variable: "SELDON_LOG_LEVEL", key: "telemetry.logLevel", setBy: SELDON, read: readLogLevel },
  { variable: "GUNICORN_WORKERS", key: "server.workers", setBy: SELDON },
  { variable: "MLSERVER_HTTP_PORT", key: "server.port", setBy: MLSERVER },
  { variable: "MLSERVER_GRPC_PORT", key: "server.grpcPort", setBy: MLSERVER },
  { variable: "MLSERVER_METRICS_PORT", key: "server.admin.port", setBy: MLSERVER },
  { variable: "MLSERVER_MODEL_NAME", key: "server.modelName", setBy: MLSERVER },
  { variable: "MLSERVER_MODEL_URI", key: "modelDir", setBy: MLSERVER, read: readModelUri },
  { variable: "STORAGE_URI", key: "modelDir", setBy: "KServe", read: readModelUri },
  { variable: "OTEL_SDK_DISABLED", key: "telemetry.traces", setBy: OPENTELEMETRY, read: readSdkDisabled },
  { variable: "OTEL_TRACES_EXPORTER", key: "telemetry.traces", setBy: OPENTELEMETRY, read: readTracesExporter },
  {
    variable: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    key: "telemetry.traces",
    setBy: OPENTELEMETRY,
    read: readTracesEndpoint,
  },
  { variable: "OTEL_EXPORTER_OTLP_ENDPOINT", key: "telemetry.traces", setBy: OPENTELEMETRY, read: readTracesEndpoint },
  { variable: "TRACING", key: "telemetry.traces", setBy: SELDON, read: readSeldonTracing },
  { variable: "PORT", key: "server.port", setBy: "Knative, Cloud Run, Heroku and others" },
] as const satisfies readonly OrchestratorRow[];

/** The layer of the orchestrator's variables, and of its flags behind them; an empty one counts as not set. */
export function orchestratorLayer(env: Variables, flags: OrchestratorFlags = {}): Layer {
  const given: Given[] = [];
  const problems: Problem[] = [];
  const rows: readonly OrchestratorRow[] = ORCHESTRATOR_VARIABLES;
  const take = (path: KeyPath, where: string, outcome: Outcome<unknown>): void => {
    if (outcome.ok) given.push({ path, value: outcome.value, where });
    else problems.push(...outcome.faults.map((fault) => valueProblem({ path, where }, fault)));
  };
  for (const { variable, key, read = KEYS[key].type.fromText, unlessSameAs } of rows) {
    const text = env[variable];
    if (text === undefined || text === "" || (unlessSameAs !== undefined && env[unlessSameAs] === text)) continue;
    const outcome = read(text);
    if (outcome !== undefined) take(key, variable, outcome);
  }
  for (const flag of ORCHESTRATOR_FLAG_NAMES) {
    const { key } = ORCHESTRATOR_FLAGS[flag];
    const text = flags[flag];
    if (text !== undefined && text !== "") take(key, `--${flag}`, KEYS[key].type.fromText(text));
  }
  return { name: "orchestrator", given, problems, warnings: [] };
}
