import { dirname, join, resolve } from "node:path";
import type { Config } from "@bento-ts/runtime/config";
import { BENTO_FORMAT_VERSION, type BentoFile, digestOf, type ServiceDefinition } from "@bento-ts/runtime/definition";
import { modelStoreDir } from "@bento-ts/runtime/models-store";
import { apiSchemas, openApiDocument } from "@bento-ts/runtime/openapi";
import { INSTALL_COMMAND, WASM_PACKAGES } from "@bento-ts/runtime/tensorflow";
import { type BentoReport, reportPackages, sumLeftOut } from "./bento-report.ts";
import { bentoSizes } from "./bento-sizes.ts";
import { bentoSource } from "./bento-source.ts";
import type { BuildOptions } from "./build-options.ts";
import { bundleService, type ServiceBundle } from "./bundle/bundle-service.ts";
import { buildCacheDir } from "./blobs/blob-store.ts";
import { usingCache } from "./blobs/using-cache.ts";
import {
  type CopiedPackage,
  copyPackages,
  type CopyPackagesOptions,
  nativeFiles,
} from "./dependencies/copy-packages.ts";
import { locatePackages } from "./dependencies/locate-packages.ts";
import { findLockfile, type Lockfile } from "./dependencies/lockfile.ts";
import { lockfileWarnings } from "./dependencies/lockfile-warnings.ts";
import { RUNTIME, servicePackages } from "./dependencies/service-packages.ts";
import { walkClosure } from "./dependencies/walk-closure.ts";
import { describeProject } from "./describe/describe-project.ts";
import { assertReplaceable } from "./files/replace-folder.ts";
import { inStaging } from "./files/staging.ts";
import { hashedCopy } from "./files/hashed-copy.ts";
import { copyInto, isInstalled } from "./files/write-tree.ts";
import { gitRevision } from "./image/git-revision.ts";
import { findNodeBinary } from "./node-binary.ts";
import { placeModels } from "./place-models.ts";
import { containerPlatform, dockerPlatform, machineOf, ownMachine, type Platform } from "./platform.ts";
import { openProject, type Project, projectConfig } from "./project.ts";
import { NODE_ID, type StagedNode } from "./sbom/list-contents.ts";
import { writeSboms } from "./sbom/write-sboms.ts";
import { serviceProtoFiles, type ServiceProtoFiles } from "./service-proto.ts";
import { stageBundle, stageExamples, type StagedFile, stageFiles } from "./stage-service.ts";
import { stageTensorFlow, type StagedTensorFlow } from "./stage-tensorflow.ts";
import { tuningNotes } from "./tuning-notes.ts";
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
  if (outDir !== undefined) await assertReplaceable(resolve(outDir), "bento");
  const parent = outDir === undefined ? join(project.dir, ".bento-ts") : dirname(resolve(outDir));
  const { env = process.env, signal = new AbortController().signal } = options;
  const fill = async (stage: string, cacheDir: string): Promise<BentoReport> => {
    const build: Build = {
      options,
      project,
      stage,
      platform: options.platform ?? containerPlatform(),
      env,
      signal,
      step: (text) => options.onEvent?.({ kind: "step", text }),
      onFiles: (doneFiles, totalFiles) =>
        options.onEvent?.({ kind: "files", task: "bundle", name: "packages", doneFiles, totalFiles }),
    };
    const lockfile = findLockfile(project.dir);
    const locate: LocateOptions = {
      lockfile,
      cacheDir,
      env,
      signal,
      onFetch: (name) => build.step(`fetching ${name}`),
    };
    // Node is the largest file, and nothing waits for it.
    const [service, node] = await bothOrNone(stageService(build), stageNode(build, locate));
    const dependencies = await stageDependencies(build, service, locate);
    const report = await finish(build, service, { ...dependencies, node, lockfile });
    return {
      ...report,
      dir:
        outDir === undefined
          ? join(parent, `${report.name}-${report.version}${options.folderEnding ?? ""}`)
          : resolve(outDir),
    };
  };
  // Packages that were fetched lie in the cache until they are copied.
  return usingCache(buildCacheDir(env), signal, (cacheDir) => inStaging(parent, (stage) => fill(stage, cacheDir)));
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
  readonly onFiles: CopyPackagesOptions["onFiles"];
}

/** The author's part of a bento, staged. */
interface StagedService {
  readonly bundle: ServiceBundle;
  readonly entry: string;
  readonly files: readonly StagedFile[];
  readonly definition: ServiceDefinition;
  readonly models: BentoFile["models"];
  readonly config: Config;
  readonly openApi: object;
  readonly proto: ServiceProtoFiles;
  readonly warnings: readonly string[];
  /** Packages that are staged already, for this machine: the service was loaded with them. */
  readonly packages: readonly CopiedPackage[];
}

async function stageService({ project, stage, env, signal, step, onFiles, ...build }: Build): Promise<StagedService> {
  step("bundling the service");
  const bundle = await bundleService(project.entryFile);
  const code = await stageBundle(stage, project, bundle);
  const entry = code[0].path;
  // The class may read its data files, its own and its packages', when it is constructed.
  const first = await projectConfig(project, { env });
  await stageFiles(stage, project, first.config.image.files);
  step("copying dependencies");
  const machine = ownMachine();
  const light = { machine, used: { onnx: false, image: false } };
  const closure = walkClosure(servicePackages(project.entryDir, bundle), light);
  const packages = await copyPackages(closure, { to: stage, machine, signal, earlier: [], onFiles });
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
  const files = await stageFiles(stage, project, config.image.files);
  const examples = await stageExamples(stage, project, definition);
  step("copying models");
  const models = await placeModels(described, { stage, signal });
  const openApi = openApiDocument(definition, { basePath: config.server.basePath, exampleFiles: examples.contents });
  const proto = await serviceProtoFiles(definition, project.dir);
  const tuning = await tuningNotes(project, models);
  const notes = [...models.flatMap(mountedNote), ...replacedNotes(config), ...proto.warnings, ...tuning];
  return {
    bundle,
    entry,
    files: [...code, ...files, ...examples.files],
    definition,
    models,
    config,
    openApi,
    proto,
    warnings: [...bundle.warnings, ...warnings, ...notes],
    packages,
  };
}

type LocateOptions = Omit<Parameters<typeof locatePackages>[1], "machine" | "used">;

/** Puts the packages of the wanted platform in the place of this machine's, with the engines that the service turned out to use. */
async function stageDependencies(
  { project, stage, platform, env, signal, step, onFiles }: Build,
  { bundle, definition, models, packages: earlier }: StagedService,
  locate: LocateOptions,
): Promise<Omit<StagedDependencies, "node" | "lockfile">> {
  step("copying engines");
  const declared = servicePackages(project.entryDir, bundle).map(({ name }) => name);
  const tensorFlow = stageTensorFlow(stage, { models, platform, env, packages: declared });
  const machine = machineOf(platform);
  const used = usedFeatures(definition, models);
  const isInWasm = tensorFlow === undefined && models.some(({ engine }) => engine === "tensorflow");
  const requests = servicePackages(project.entryDir, bundle, { without: isInWasm ? [] : WASM_PACKAGES });
  const { placed, warnings } = await locatePackages(requests, { ...locate, machine, used });
  const copied = await copyPackages(placed, { to: stage, machine, signal, earlier, onFiles });
  return { packages: copied, warnings: isInWasm ? [...warnings, WASM_NOTE] : warnings, tensorFlow };
}

const WASM_NOTE = `the native TensorFlow is not in this bento: its TF.js models are computed by WebAssembly, larger networks of convolutions in about four times the time; build on a machine of its platform, after "${INSTALL_COMMAND}", to have it`;

async function stageNode({ project, stage, platform, signal }: Build, locate: LocateOptions): Promise<StagedNode> {
  const node = await findNodeBinary(platform, { ...locate, projectDir: project.dir });
  const { sha256 } = await hashedCopy(node.path, join(stage, NODE_ID), {
    isProgram: true,
    isFixed: isInstalled(node.path),
    signal,
  });
  if (node.licence !== undefined) await copyInto(node.licence, join(stage, "node/share/doc/node/LICENSE"));
  return { version: node.version, sha256 };
}

/** Both results, or the first failure once both have ended: nothing may write any more when the place is taken away. */
async function bothOrNone<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

interface StagedDependencies {
  readonly packages: readonly CopiedPackage[];
  readonly warnings: readonly string[];
  readonly tensorFlow: StagedTensorFlow | undefined;
  readonly node: StagedNode;
  readonly lockfile: Lockfile | undefined;
}

async function finish(
  build: Build,
  service: StagedService,
  { packages, tensorFlow, node, lockfile, warnings }: StagedDependencies,
): Promise<Omit<BentoReport, "dir">> {
  const { stage, options, project, signal } = build;
  const { definition, models, entry } = service;
  const { name, version, description } = definition;
  build.step("listing what is in it");
  const placed = packages.map((one) => one.placed);
  const runtime = placed.find(({ place }) => place === `node_modules/${RUNTIME}`);
  const revision = await gitRevision(project);
  const bento: BentoFile = {
    formatVersion: BENTO_FORMAT_VERSION,
    definition,
    definitionDigest: digestOf(definition),
    entry,
    models,
    runtimeVersion: runtime?.package.json.version ?? "",
    nodeVersion: node.version,
    platform: dockerPlatform(build.platform),
    schemas: apiSchemas(definition),
    source: bentoSource(lockfile, { packages: placed, revision }),
  };
  const base = options.base ?? service.config.image.base;
  await writeFacts(stage, { project, ...service, bento, revision, base, tensorFlow, secrets: options.secrets ?? [] });
  const contents = {
    stage,
    packages: placed,
    natives: nativeFiles(packages),
    tensorFlow,
    node,
    models,
    lockfile,
    signal,
  };
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
    packages: reportPackages(packages),
    files: service.files,
    leftOut: sumLeftOut(packages),
    bytes: bentoSizes(stage, { packages, models, tensorFlow }),
    warnings: [...service.warnings, ...warnings, ...lockfileWarnings(lockfile, placed), ...checked],
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
