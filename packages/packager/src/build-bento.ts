import { dirname, join, resolve } from "node:path";
import type { Config } from "@bento-ts/runtime/config";
import { BENTO_FORMAT_VERSION, type BentoFile, digestOf, type ServiceDefinition } from "@bento-ts/runtime/definition";
import { modelStoreDir } from "@bento-ts/runtime/models-store";
import { openApiDocument } from "@bento-ts/runtime/openapi";
import type { BentoReport } from "./bento-report.ts";
import { bentoSizes } from "./bento-sizes.ts";
import type { BuildOptions } from "./build-options.ts";
import { bundleService, type ServiceBundle } from "./bundle/bundle-service.ts";
import { type CopiedPackages, copyPackages, NO_PACKAGES } from "./dependencies/copy-packages.ts";
import { findLockfile } from "./dependencies/lockfile.ts";
import { lockfileWarnings } from "./dependencies/lockfile-warnings.ts";
import { RUNTIME, servicePackages } from "./dependencies/service-packages.ts";
import { walkClosure } from "./dependencies/walk-closure.ts";
import { describeProject } from "./describe/describe-project.ts";
import { assertReplaceable, inStaging } from "./files/staging.ts";
import { copyInto } from "./files/write-tree.ts";
import { findNodeBinary, type NodeBinary } from "./node-binary.ts";
import { placeModels } from "./place-models.ts";
import { containerPlatform, dockerPlatform, type Platform } from "./platform.ts";
import { openProject, type Project, projectConfig } from "./project.ts";
import { writeSboms } from "./sbom/write-sboms.ts";
import { serviceProtoFiles, type ServiceProtoFiles } from "./service-proto.ts";
import { stageBundle, stageExamples, stageFiles } from "./stage-service.ts";
import { usedFeatures } from "./used-features.ts";
import { writeFacts } from "./write-facts.ts";

/**
 * Builds the bento of a project: a folder with the bundled service, its models, its pruned dependencies, Node, a Dockerfile and bento.json.
 *
 * The folder appears whole or not at all. The same project gives the same files, wherever it lies and whenever it is built. Throws ServingError, one
 * sentence that says what to do; what the abort signal says when it ended the build.
 */
export async function buildBento(options: BuildOptions): Promise<BentoReport> {
  const project = openProject(options.projectDir, options.entryFile);
  const { outDir } = options;
  // Before any work is done for nothing.
  if (outDir !== undefined) await assertReplaceable(resolve(outDir));
  const parent = outDir === undefined ? join(project.dir, ".bento-ts") : dirname(resolve(outDir));
  return inStaging(parent, async (stage) => {
    const build: Build = {
      options,
      project,
      stage,
      platform: options.platform ?? containerPlatform(),
      env: options.env ?? process.env,
      signal: options.signal ?? new AbortController().signal,
      step: (text) => options.onEvent?.({ kind: "step", text }),
    };
    const service = await stageService(build);
    const dependencies = await stageDependencies(build, service);
    const report = await finish(build, service, dependencies);
    return {
      ...report,
      dir: outDir === undefined ? join(parent, `${report.name}-${report.version}`) : resolve(outDir),
    };
  });
}

/** One build with everything decided. */
interface Build {
  readonly options: BuildOptions;
  readonly project: Project;
  readonly stage: string;
  readonly platform: Platform;
  readonly env: NonNullable<BuildOptions["env"]>;
  readonly signal: AbortSignal;
  readonly step: (text: string) => void;
}

/** The author's part of a bento, staged. */
interface StagedService {
  readonly bundle: ServiceBundle;
  readonly entry: string;
  readonly definition: ServiceDefinition;
  readonly models: BentoFile["models"];
  readonly config: Config;
  readonly openApi: object;
  readonly proto: ServiceProtoFiles;
  readonly warnings: readonly string[];
  /** Packages that are staged already. */
  readonly packages: CopiedPackages;
}

async function stageService({ project, stage, env, signal, step, ...build }: Build): Promise<StagedService> {
  step("bundling the service");
  const bundle = await bundleService(project.entryFile);
  const entry = await stageBundle(stage, project, bundle);
  // The class may read its data files, its own and its packages', when it is constructed.
  const first = await projectConfig(project, { env });
  await stageFiles(stage, project, first.config.image.files);
  step("copying dependencies");
  const light = { platform: build.platform, used: { onnx: false, image: false } };
  const closure = walkClosure(servicePackages(project.entryDir, bundle), light);
  const packages = await copyPackages(closure, { to: stage, platform: build.platform, signal, earlier: NO_PACKAGES });
  step("describing the service");
  const { definition, models: described } = await describeProject({
    file: join(stage, entry),
    cwd: stage,
    baseDir: project.entryDir,
    storeDir: build.options.storeDir ?? modelStoreDir(env),
    env,
    signal,
  });
  const { config, warnings } = await projectConfig(project, { env, definition });
  await stageFiles(stage, project, config.image.files);
  const exampleFiles = await stageExamples(stage, project, definition);
  step("copying models");
  const models = await placeModels(described, { stage, signal });
  const openApi = openApiDocument(definition, { basePath: config.server.basePath, exampleFiles });
  const proto = await serviceProtoFiles(definition, project.dir);
  const notes = [...models.flatMap(mountedNote), ...replacedNotes(config), ...proto.warnings];
  const allWarnings = [...bundle.warnings, ...warnings, ...notes];
  return { bundle, entry, definition, models, config, openApi, proto, warnings: allWarnings, packages };
}

interface StagedDependencies {
  readonly packages: CopiedPackages;
  readonly node: NodeBinary;
}

/** Brings in the engines that the service turned out to use, and Node. */
async function stageDependencies(
  { project, stage, platform, signal, step }: Build,
  { bundle, definition, models, packages: earlier }: StagedService,
): Promise<StagedDependencies> {
  step("copying engines and Node");
  const used = usedFeatures(definition, models);
  const closure = walkClosure(servicePackages(project.entryDir, bundle), { platform, used });
  const packages = await copyPackages(closure, { to: stage, platform, signal, earlier });
  const node = findNodeBinary(platform, project.dir);
  await copyInto(node.path, join(stage, "node", "bin", "node"), { isProgram: true });
  if (node.licence !== undefined) await copyInto(node.licence, join(stage, "node/share/doc/node/LICENSE"));
  signal.throwIfAborted();
  return { packages, node };
}

async function finish(
  build: Build,
  service: StagedService,
  { packages: { placed, sizes, natives }, node }: StagedDependencies,
): Promise<Omit<BentoReport, "dir">> {
  const { stage, options, project, signal } = build;
  const { definition, models, entry } = service;
  const { name, version, description } = definition;
  build.step("listing what is in it");
  const lockfile = findLockfile(project.dir);
  const bento: BentoFile = {
    formatVersion: BENTO_FORMAT_VERSION,
    definition,
    definitionDigest: digestOf(definition),
    entry,
    models,
    runtimeVersion: sizes.find(({ place }) => place === `node_modules/${RUNTIME}`)?.version ?? "",
    nodeVersion: node.version,
    platform: dockerPlatform(build.platform),
  };
  const base = options.base ?? service.config.image.base;
  await writeFacts(stage, { project, ...service, bento, base });
  const contents = { stage, packages: placed, natives, node, models, lockfile, signal };
  await writeSboms({ name, version, description }, contents);
  const checked = (await options.check?.({ dir: stage, file: bento })) ?? [];
  const { platform, runtimeVersion, nodeVersion, definitionDigest } = bento;
  return {
    name,
    version,
    definitionDigest,
    platform,
    runtimeVersion,
    nodeVersion,
    base,
    models,
    packages: [...sizes].sort((a, b) => b.bytes - a.bytes || (a.place < b.place ? -1 : 1)),
    bytes: await bentoSizes(stage, { packages: sizes, models }),
    warnings: [...service.warnings, ...lockfileWarnings(lockfile, placed), ...checked],
  };
}

function mountedNote({ source, path }: BentoFile["models"][number]): readonly string[] {
  if (path !== null) return [];
  return [`model "${source}" is an absolute path: it is not in the bento, mount it there when the service runs`];
}

function replacedNotes({ models }: Config): readonly string[] {
  return Object.entries(models).map(
    ([name, place]) =>
      `models.${name}: "${place}" is looked for where the bento runs, it holds the model that the code names: give it there a model store or a mount, or name the other model in the code`,
  );
}
