import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "@bento-ts/runtime/config";
import { BENTO_FILE_NAME, type BentoFile, ServingError } from "@bento-ts/runtime/definition";
import { TUNE_FILE } from "@bento-ts/runtime/models-store";
import { copyInto, writeInto } from "./files/write-tree.ts";
import { dockerfile, dockerignore } from "./image/dockerfile.ts";
import { PLAN_FILE_NAME, planImage } from "./image/image-plan.ts";
import { INIT_FILE_NAME, INIT_SCRIPT } from "./image/init-script.ts";
import type { Project } from "./project.ts";
import { SBOM_FILES } from "./sbom/write-sboms.ts";
import { stageScripts } from "./stage-scripts.ts";
import type { StagedTensorFlow } from "./stage-tensorflow.ts";
import type { ServiceProtoFiles } from "./service-proto.ts";

/** What a build has learnt of a service. */
export interface BentoFacts {
  readonly project: Project;
  readonly bento: BentoFile;
  /** The commit that the project is at. */
  readonly revision: string | undefined;
  /** Base image. */
  readonly base: string;
  /** Names of the secrets that scripts and packages may read. */
  readonly secrets: readonly string[];
  readonly tensorFlow: StagedTensorFlow | undefined;
  readonly config: Config;
  readonly openApi: object;
  readonly proto: ServiceProtoFiles;
}

/** Writes what a bento says of itself, and the plan of its image. */
export async function writeFacts(
  stage: string,
  { project, bento, revision, base, secrets, tensorFlow, config, openApi, proto }: BentoFacts,
): Promise<void> {
  const { definition, models } = bento;
  const own = ["bento.yaml", TUNE_FILE].filter((name) => existsSync(join(project.dir, name)));
  const { image, server } = config;
  const [secret] = secrets;
  if (secret !== undefined && image.scripts.length + image.packages.length === 0) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `nothing reads the secret "${secret}": secrets are for image.scripts and image.packages, and bento.yaml names none`,
    );
  }
  const plan = planImage({
    name: definition.name,
    version: definition.version,
    description: definition.description,
    base,
    revision,
    packages: image.packages,
    scripts: await stageScripts(stage, project, image.scripts),
    secrets,
    env: image.env,
    models: models.flatMap(({ source, digest }) => (digest === null ? [] : [{ source, digest }])),
    hasTensorFlow: tensorFlow !== undefined,
    hasModels: models.some(({ path }) => path?.startsWith("models/") === true),
    files: [BENTO_FILE_NAME, "openapi.json", ...Object.values(SBOM_FILES), ...Object.keys(proto.files), ...own],
    port: server.port,
    grpcPort: server.grpcPort,
    adminPort: server.admin.port,
  });
  for (const name of own) await copyInto(join(project.dir, name), join(stage, name));
  await writeInto(join(stage, BENTO_FILE_NAME), toText(bento));
  await writeInto(join(stage, "openapi.json"), toText(openApi));
  for (const [name, text] of Object.entries(proto.files)) await writeInto(join(stage, name), text);
  await writeInto(join(stage, INIT_FILE_NAME), INIT_SCRIPT);
  await writeInto(join(stage, PLAN_FILE_NAME), toText(plan));
  await writeInto(join(stage, "Dockerfile"), dockerfile(plan));
  await writeInto(join(stage, ".dockerignore"), dockerignore(plan));
}

function toText(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
