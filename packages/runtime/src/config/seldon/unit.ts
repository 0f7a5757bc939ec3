import type { Variables } from "../env-layer.ts";
import { isPlainObject } from "../plain-object.ts";
import type { SeldonAnnotations } from "./annotations.ts";
import { isTrue } from "./lax-boolean.ts";

/** What the variables of a Seldon deployment say of this component; outside of one nearly everything is null. */
export interface SeldonUnit {
  /** Whether any of the operator's variables is set: then its probes ask without credentials, and metrics have Seldon's form. */
  readonly isDeployed: boolean;
  readonly id: string | null;
  readonly image: string | null;
  readonly predictorId: string | null;
  /** `version` of the predictor's labels. */
  readonly predictorVersion: string | null;
  readonly deploymentId: string | null;
  /** The object of MODEL_METADATA as JSON, its members not checked yet; null where it is none. */
  readonly metadataJson: string | null;
  /** Whether replies carry `meta.metrics`. */
  readonly includesMetrics: boolean;
  /** Whether `/predict` hands bodies to the method as they are. */
  readonly passesPayload: boolean;
  /** Longest time of one call over each transport; null for the server's own. */
  readonly restTimeoutMs: number | null;
  readonly grpcTimeoutMs: number | null;
}

/** Reads the variables; what is wrong with those that only describe is a warning. */
export async function readSeldonUnit(
  env: Variables,
  { restTimeoutMs, grpcTimeoutMs }: Pick<SeldonAnnotations, "restTimeoutMs" | "grpcTimeoutMs">,
): Promise<{ readonly unit: SeldonUnit; readonly warnings: readonly string[] }> {
  const text = (name: string): string | null => (env[name] === "" ? null : (env[name] ?? null));
  const labels = text("PREDICTOR_LABELS");
  const version = labels === null ? null : await parseObject(labels);
  const metadata = await parseObject(text("MODEL_METADATA") ?? "{}");
  const includes = text("INCLUDE_METRICS_IN_CLIENT_RESPONSE");
  const unit: SeldonUnit = Object.freeze({
    isDeployed: isSeldonDeployment(env),
    id: text("PREDICTIVE_UNIT_ID"),
    image: text("PREDICTIVE_UNIT_IMAGE"),
    predictorId: text("PREDICTOR_ID"),
    predictorVersion: typeof version?.["version"] === "string" ? version["version"] : null,
    deploymentId: text("SELDON_DEPLOYMENT_ID"),
    metadataJson: metadata === undefined ? null : JSON.stringify(metadata),
    includesMetrics: includes === null || isTrue(includes),
    passesPayload: isTrue(text("PAYLOAD_PASSTHROUGH") ?? ""),
    restTimeoutMs,
    grpcTimeoutMs,
  });
  const warnings = [
    ...(labels !== null && version === undefined ? ["PREDICTOR_LABELS is no JSON object and is ignored"] : []),
    ...(metadata === undefined ? ["MODEL_METADATA is neither JSON nor YAML of an object: /metadata answers 500"] : []),
  ];
  return { unit, warnings };
}

/** Whether the Seldon operator started this process. */
export function isSeldonDeployment(env: Variables): boolean {
  return Object.keys(env).some((name) => name.startsWith("PREDICTIVE_UNIT_") && (env[name] ?? "") !== "");
}

/** An object in JSON or YAML; undefined for anything else. */
async function parseObject(text: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const value = parseJson(text) ?? (await parseYaml(text));
  return isPlainObject(value) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function parseYaml(text: string): Promise<unknown> {
  // Most starts have no YAML here, and the parser is slow to load.
  const { readYamlText } = await import("../yaml-text.ts");
  return readYamlText(text).tree;
}
