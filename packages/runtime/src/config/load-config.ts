import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Problem, ServingError } from "../errors.ts";
import type { JsonValue } from "../io/types.ts";
import { defaultsLayer, imageLayer } from "./default-layers.ts";
import { envLayer, type Variables } from "./env-layer.ts";
import { type ConfigFlags, flagsLayer } from "./flags-layer.ts";
import { KEYS, type ReadKey } from "./keys.ts";
import { readKServe } from "./kserve/deployment.ts";
import type { Layer, LayerName } from "./layer.ts";
import { mergeLayers, problemsOf } from "./merge-layers.ts";
import { ORCHESTRATOR_FLAG_NAMES, type OrchestratorFlags } from "./orchestrator-flags.ts";
import { orchestratorLayer } from "./orchestrator-layer.ts";
import { refusedConfig } from "./refused-config.ts";
import {
  ANNOTATIONS_FILE,
  annotationsLayer,
  NO_ANNOTATIONS,
  readAnnotations,
  type SeldonAnnotations,
} from "./seldon/annotations.ts";
import { isSeldonDeployment, readSeldonUnit } from "./seldon/unit.ts";
import { resolveConfig } from "./resolve-config.ts";
import { securityConflicts } from "./security/conflicts.ts";
import { readTracing } from "./tracing/read-tracing.ts";
import { serviceLayer } from "./service-layer.ts";
import type { Config } from "./types.ts";
import { yamlLayer } from "./yaml-layer.ts";

/** Where configuration may come from. What is left out says nothing. */
export interface ConfigInputs {
  readonly flags?: ConfigFlags & OrchestratorFlags;
  /** Variables of the process. */
  readonly env: Variables;
  /** The annotations of the pod; default: where Seldon mounts them. Read in a Seldon deployment only. */
  readonly annotationsFile?: string;
  /** File named by `--config`; it must exist. */
  readonly configFile?: string | undefined;
  /** Folder whose `bento.yaml` counts, where it has one. */
  readonly projectDir?: string | undefined;
  /** What the author gave in `@service({ config })`; `definition.config` of a service. */
  readonly serviceConfig?: Readonly<Record<string, JsonValue>>;
  /** Whether the defaults of an image hold: reached from outside the container. */
  readonly imageDefaults?: boolean;
}

/** A configuration and how it came about. */
export interface LoadedConfig {
  readonly config: Config;
  /** The layer that decided each key, by path; names of mappings one by one (`models.forest`). */
  readonly sources: Readonly<Record<string, LayerName>>;
  /** Lines for the log. */
  readonly warnings: readonly string[];
}

/**
 * The configuration that flags, variables, files, code and defaults make together, in this order of precedence.
 *
 * Throws FAILED_PRECONDITION that lists all unknown keys and bad values of all layers, each by its path and place.
 */
export async function loadConfig(inputs: ConfigInputs): Promise<LoadedConfig> {
  const annotations = readPodAnnotations(inputs);
  const layers = await layersOf(inputs, annotations);
  const problems = problemsOf(layers);
  if (problems.length > 0) throw refusedConfig(problems);
  const { values, sources } = mergeLayers(layers);
  const readKey: ReadKey = (path) => {
    const outcome = KEYS[path].type.read(values.get(path));
    if (!outcome.ok) throw new ServingError("INTERNAL", `configuration key ${path} was accepted and can't be read`);
    return outcome.value;
  };
  const seldon = await readSeldonUnit(inputs.env, annotations);
  const kserve = readKServe(inputs.env, { hasFlags: ORCHESTRATOR_FLAG_NAMES.some((flag) => inputs.flags?.[flag]) });
  const { tracing, ...traces } = readTracing(inputs.env, readKey("telemetry.traces"));
  const config = resolveConfig(readKey, { seldon: seldon.unit, kserve, tracing });
  const conflicts = [...conflictsOf(config), ...securityConflicts(readKey), ...traces.problems];
  if (conflicts.length > 0) throw refusedConfig(conflicts);
  const warnings = [...layers.flatMap((layer) => layer.warnings), ...seldon.warnings, ...traces.warnings];
  return { config, sources, warnings };
}

/** The annotations of the pod, where the Seldon operator runs one. */
function readPodAnnotations({ env, annotationsFile = ANNOTATIONS_FILE }: ConfigInputs): SeldonAnnotations {
  return isSeldonDeployment(env) ? readAnnotations(annotationsFile) : NO_ANNOTATIONS;
}

async function layersOf(inputs: ConfigInputs, annotations: SeldonAnnotations): Promise<readonly Layer[]> {
  const { configFile, projectDir, serviceConfig } = inputs;
  return [
    flagsLayer(inputs.flags ?? {}),
    envLayer(inputs.env),
    orchestratorLayer(inputs.env, inputs.flags),
    annotationsLayer(annotations),
    ...(configFile === undefined
      ? []
      : [await yamlLayer("config-file", { path: configFile, shownAs: configFile, optional: false })]),
    ...(projectDir === undefined ? [] : [await projectLayer(projectDir)]),
    ...(serviceConfig === undefined ? [] : [serviceLayer(serviceConfig)]),
    ...(inputs.imageDefaults === true ? [imageLayer()] : []),
    defaultsLayer(),
  ];
}

async function projectLayer(projectDir: string): Promise<Layer> {
  const layer = await yamlLayer("bento.yaml", {
    path: join(projectDir, "bento.yaml"),
    shownAs: "bento.yaml",
    optional: true,
  });
  // The other usual ending would be passed over in silence.
  const isMisnamed = existsSync(join(projectDir, "bento.yml"));
  return isMisnamed
    ? { ...layer, warnings: [...layer.warnings, "bento.yml is not read: the file's name is bento.yaml"] }
    : layer;
}

function conflictsOf({ server }: Config): readonly Problem[] {
  const { admin, port, grpcPort } = server;
  return [
    ...(admin.port !== 0 && admin.port === port ? [portConflict("server.admin.port", "server.port", port)] : []),
    ...(admin.port !== 0 && admin.port === grpcPort
      ? [portConflict("server.admin.port", "server.grpcPort", grpcPort)]
      : []),
  ];
}

function portConflict(path: string, other: string, port: number): Problem {
  return { path, message: `expected a port other than ${other}, got ${port} for both` };
}
