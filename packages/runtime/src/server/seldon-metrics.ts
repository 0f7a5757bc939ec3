import type { ContextMetrics } from "../authoring/context.ts";
import type { SeldonUnit } from "../config/seldon/unit.ts";
import type { Role } from "../definition/types.ts";
import { splitImage } from "../protocols/seldon-v1/image-name.ts";
import type { UserMetrics } from "../telemetry/user-metrics.ts";

/** The author's metrics as a Seldon deployment's dashboards look for them. */
export interface SeldonMetrics {
  /** In a Seldon deployment counters end in `_total` and every series has Seldon's labels, whatever protocol a call came by; elsewhere the author's names and labels alone. */
  metricsFor(role: Role): ContextMetrics;
  /** Counts a feedback with a reward that is not 0, and the reward; of a negative one, which no counter can take, only that it came. */
  countFeedback(reward: number): void;
}

/** What a role is called in the label `method`. Source: Seldon v1, component metrics. */
const METHODS = {
  predict: "predict",
  explain: "explain",
  transformInput: "inputtransform",
  transformOutput: "outputtransform",
  route: "router",
  aggregate: "aggregate",
  feedback: "feedback",
} as const satisfies Record<Role, string>;

/** Makes them for one worker. */
export function createSeldonMetrics(user: UserMetrics, unit: SeldonUnit, worker: number): SeldonMetrics {
  const labels = labelsOf(unit, worker);
  const forms = new Map<Role, ContextMetrics>();
  const formOf = (role: Role): ContextMetrics => {
    const known =
      forms.get(role) ?? user.inForm({ labels: { ...labels, method: METHODS[role] }, counterSuffix: "_total" });
    forms.set(role, known);
    return known;
  };
  return {
    metricsFor: unit.isDeployed ? formOf : () => user,
    countFeedback(reward) {
      if (reward === 0) return;
      formOf("feedback").counter("seldon_api_model_feedback");
      formOf("feedback").counter("seldon_api_model_feedback_reward", reward);
    },
  };
}

function labelsOf(unit: SeldonUnit, worker: number): Readonly<Record<string, string>> {
  const { name: image, version } = splitImage(unit.image);
  const labels = {
    deployment_name: unit.deploymentId,
    model_name: unit.id,
    model_image: image,
    model_version: version,
    predictor_name: unit.predictorId,
    predictor_version: unit.predictorVersion,
    // What they were called before.
    seldon_deployment_name: unit.deploymentId,
    image_name: image,
    image_version: version,
    worker_id: String(worker),
  };
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value ?? "NOT_IMPLEMENTED"]));
}
