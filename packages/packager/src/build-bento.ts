import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ImageConfig } from "@bento-ts/runtime/config";
import {
  BENTO_FILE_NAME,
  BENTO_FORMAT_VERSION,
  type BentoFile,
  digestOf,
  type ServiceDefinition,
} from "@bento-ts/runtime/definition";
import { modelStoreDir } from "@bento-ts/runtime/models-store";
import { openApiDocument } from "@bento-ts/runtime/openapi";
import type { BentoReport, BentoSizes } from "./bento-report.ts";
import type { BuildOptions } from "./build-options.ts";
import { bundleService, type ServiceBundle } from "./bundle/bundle-service.ts";
import { type CopiedPackage, copyPackages } from "./dependencies/copy-packages.ts";
import { walkClosure } from "./dependencies/walk-closure.ts";
import { assertReplaceable, inStaging } from "./files/staging.ts";
import { copyInto, writeInto } from "./files/write-tree.ts";
import { dockerfile, type DockerfileFacts, dockerignore } from "./image/dockerfile.ts";
import { findNodeBinary, type NodeBinary } from "./node-binary.ts";
import { placeModels } from "./place-models.ts";
import { containerPlatform, dockerPlatform } from "./platform.ts";
import { openProject, type Project, projectConfig } from "./project.ts";
import { describeStaged, stageBundle, stageExamples, stageFiles } from "./stage-service.ts";
import { usedFeatures } from "./used-features.ts";

const RUNTIME = "@bento-ts/runtime";

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
  const parent = outDir === undefined ? join(project.dir, ".bento") : dirname(resolve(outDir));
  return inStaging(parent, async (stage) => {
    const build = { ...options, project, stage, parent };
    return fillBento(build, await stageService(build));
  });
}

interface Build extends BuildOptions {
  readonly project: Project;
  readonly stage: string;
  readonly parent: string;
}

/** The author's part of a bento, staged. */
interface StagedService {
  readonly bundle: ServiceBundle;
  readonly entry: string;
  readonly definition: ServiceDefinition;
  readonly models: BentoFile["models"];
  readonly image: ImageConfig;
  readonly ports: { readonly port: number; readonly adminPort: number };
  readonly openApi: object;
  readonly warnings: readonly string[];
}

async function stageService(build: Build): Promise<StagedService> {
  const { project, stage, env = process.env, onStep, signal = new AbortController().signal } = build;
  onStep?.("bundling the service");
  const bundle = await bundleService(project.entryFile);
  // The class may read its data files when it is constructed.
  const first = await projectConfig(project, { env });
  await stageFiles(stage, project, first.config.image.files);
  signal.throwIfAborted();
  onStep?.("describing the service");
  const storeDir = build.storeDir ?? modelStoreDir(env);
  const { definition, models: described } = await describeStaged(stage, { project, bundle, storeDir, env, signal });
  const entry = await stageBundle(stage, project, bundle);
  const { config, warnings } = await projectConfig(project, { env, definition });
  await stageFiles(stage, project, config.image.files);
  const exampleFiles = await stageExamples(stage, project, definition);
  onStep?.("copying models");
  const models = await placeModels(described, { to: stage, signal });
  const { server, image } = config;
  return {
    bundle,
    entry,
    definition,
    models,
    image: build.base === undefined ? image : { ...image, base: build.base },
    ports: { port: server.port, adminPort: server.admin.port },
    openApi: openApiDocument(definition, { basePath: server.basePath, exampleFiles }),
    warnings: [...bundle.warnings, ...warnings, ...models.flatMap(mountedNote)],
  };
}

async function fillBento(build: Build, staged: StagedService): Promise<BentoReport> {
  const { project, stage, parent, onStep, signal = new AbortController().signal } = build;
  const { definition, models, image } = staged;
  const platform = build.platform ?? containerPlatform();
  const node = findNodeBinary(platform, project.dir);
  onStep?.("copying dependencies");
  const requests = [{ name: RUNTIME, fromDir: project.entryDir }, ...staged.bundle.packages];
  const closure = walkClosure(requests, { platform, used: usedFeatures(definition, models) });
  const packages = await copyPackages(closure, { to: stage, platform, signal });
  await copyNode(node, stage);
  signal.throwIfAborted();
  const bento: BentoFile = {
    formatVersion: BENTO_FORMAT_VERSION,
    definition,
    definitionDigest: digestOf(definition),
    entry: staged.entry,
    models,
    runtimeVersion: packages.find(({ place }) => place === `node_modules/${RUNTIME}`)?.version ?? "",
    nodeVersion: node.version,
    platform: dockerPlatform(platform),
  };
  await writeFacts(build, staged, bento);
  const { runtimeVersion, nodeVersion, definitionDigest } = bento;
  const { name, version } = definition;
  return {
    dir: build.outDir === undefined ? join(parent, `${name}-${version}`) : resolve(build.outDir),
    name,
    version,
    definitionDigest,
    platform: bento.platform,
    runtimeVersion,
    nodeVersion,
    base: image.base,
    models,
    packages: [...packages].sort((a, b) => b.bytes - a.bytes || (a.place < b.place ? -1 : 1)),
    bytes: await sizesOf(stage, packages),
    warnings: staged.warnings,
  };
}

/** Writes what a bento says of itself. */
async function writeFacts({ stage, project }: Build, staged: StagedService, bento: BentoFile): Promise<void> {
  const { definition, models, image, ports } = staged;
  const hasSettings = existsSync(join(project.dir, "bento.yaml"));
  const facts: DockerfileFacts = {
    name: definition.name,
    version: definition.version,
    description: definition.description,
    base: image.base,
    packages: image.packages,
    env: image.env,
    hasModels: models.some(({ path }) => path !== null),
    files: [BENTO_FILE_NAME, "openapi.json", ...(hasSettings ? ["bento.yaml"] : [])],
    ...ports,
  };
  if (hasSettings) await copyInto(join(project.dir, "bento.yaml"), join(stage, "bento.yaml"));
  await writeInto(join(stage, BENTO_FILE_NAME), toText(bento));
  await writeInto(join(stage, "openapi.json"), toText(staged.openApi));
  await writeInto(join(stage, "Dockerfile"), dockerfile(facts));
  await writeInto(join(stage, ".dockerignore"), dockerignore(facts));
}

async function copyNode({ path, licence }: NodeBinary, stage: string): Promise<void> {
  await copyInto(path, join(stage, "node", "bin", "node"), { isProgram: true });
  if (licence !== undefined) await copyInto(licence, join(stage, "node", "share", "doc", "node", "LICENSE"));
}

function mountedNote({ source, path }: BentoFile["models"][number]): readonly string[] {
  if (path !== null) return [];
  return [`model "${source}" is an absolute path: it is not in the bento, mount it there when the service runs`];
}

function toText(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function sizesOf(stage: string, packages: readonly CopiedPackage[]): Promise<BentoSizes> {
  const [node, models, service, total] = await Promise.all(
    ["node", "models", "service", ""].map((folder) => bytesIn(join(stage, folder))),
  );
  const dependencies = packages.reduce((sum, { bytes }) => sum + bytes, 0);
  return { node: node ?? 0, dependencies, models: models ?? 0, service: service ?? 0, total: total ?? 0 };
}

async function bytesIn(dir: string): Promise<number> {
  if (!existsSync(dir)) return 0;
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
