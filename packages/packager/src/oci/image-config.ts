import type { ImagePlan } from "../image/image-plan.ts";
import type { BuiltLayer } from "./build-layer.ts";
import type { OciConfig, OciRunConfig } from "./types.ts";

/** A layer under the name that its plan has. */
export interface NamedLayer extends BuiltLayer {
  readonly name: string;
}

const NANOSECONDS = 1_000_000_000;

/**
 * The configuration of a planned image on its base: what a Dockerfile's instructions would make of the same plan.
 *
 * `created` is an RFC 3339 time. Source: OCI Image Format 1.1, "Image Configuration"; Dockerfile reference for what is inherited: variables, labels and ports add
 * up, an ENTRYPOINT takes the base's CMD away.
 */
export function imageConfig(
  plan: ImagePlan,
  {
    base,
    layers,
    created,
  }: { readonly base: OciConfig; readonly layers: readonly NamedLayer[]; readonly created: string },
): OciConfig {
  const { architecture, os, variant } = base;
  return {
    created,
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: runConfig(plan, base.config ?? {}),
    rootfs: { type: "layers", diff_ids: [...base.rootfs.diff_ids, ...layers.map(({ diffId }) => diffId)] },
    history: [
      ...baseHistory(base),
      ...layers.map(({ name }) => ({ created, created_by: "bento-ts build", comment: name })),
    ],
  };
}

function runConfig(plan: ImagePlan, base: OciRunConfig): OciRunConfig {
  const { healthcheck } = plan;
  const own = new Set(Object.keys(plan.env));
  const inherited = (base.Env ?? []).filter((line) => !own.has(line.split("=", 1)[0] ?? ""));
  const ports = plan.ports.map((port) => [`${port}/tcp`, {}] as const);
  // What a base does when it is built upon, and its command, are not for this image.
  const { OnBuild: _onBuild, Cmd: _cmd, ...rest } = base as OciRunConfig & { readonly OnBuild?: unknown };
  return {
    ...rest,
    User: plan.user,
    ExposedPorts: { ...base.ExposedPorts, ...Object.fromEntries(ports) },
    Env: [...inherited, ...Object.entries(plan.env).map(([name, value]) => `${name}=${value}`)],
    Entrypoint: plan.entrypoint,
    WorkingDir: plan.workdir,
    Labels: { ...base.Labels, ...plan.labels },
    StopSignal: plan.stopSignal,
    Healthcheck: {
      Test: ["CMD", ...healthcheck.command],
      Interval: healthcheck.intervalSeconds * NANOSECONDS,
      Timeout: healthcheck.timeoutSeconds * NANOSECONDS,
      StartPeriod: healthcheck.startPeriodSeconds * NANOSECONDS,
    },
  };
}

/** A base that tells less than its layers gets an entry for each: readers count them. */
function baseHistory({ history = [], rootfs }: OciConfig): NonNullable<OciConfig["history"]> {
  const told = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const missing = Array.from({ length: Math.max(0, rootfs.diff_ids.length - told) }, () => ({ comment: "base" }));
  return [...history, ...missing];
}
