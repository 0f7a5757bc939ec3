import { existsSync } from "node:fs";
import { dirname, relative } from "node:path";
import { interruptible } from "../build/interruptible.ts";
import { inspectContainerImage, type InspectedContainerImage } from "../container/inspect-image.ts";
import { findImage } from "../target/find-image.ts";
import {
  type BentoFile,
  type BentoModel,
  digestOf,
  ServingError,
  type JsonValue,
  type ServiceDefinition,
} from "@bento-ts/runtime/definition";
import {
  createModelStore,
  type InspectedModel,
  inspectModel,
  isMainOfFolder,
  isTag,
  modelStoreDir,
} from "@bento-ts/runtime/models-store";
import { openApiDocument } from "@bento-ts/runtime/openapi";
import { inspectPacked } from "./inspect-packed.ts";
import { describeService } from "../target/describe-service.ts";
import { findStoredBento } from "../target/find-stored-bento.ts";
import { findTarget, type Target } from "../target/find-target.ts";

/** What a model file is. */
export type InspectedModelFile = InspectedModel & { readonly kind: "model"; readonly path: string };

/** What a service is, as far as its definition says. */
export interface InspectedService {
  readonly kind: "service";
  /** Entry file, or the bento's folder. */
  readonly path: string;
  /** SHA-256 of the definition, "sha256:…". */
  readonly digest: string;
  readonly definition: ServiceDefinition;
  /** JSON Schemas of inputs and outputs, by component name. */
  readonly schemas: JsonValue;
  /** Models of a bento; null for a service in source, whose class would have to be constructed to know them. */
  readonly models: readonly Pick<BentoModel, "source" | "engine" | "digest">[] | null;
  /** What a bento was made for and of; null for a service in source. */
  readonly bento: Pick<BentoFile, "platform" | "nodeVersion" | "runtimeVersion"> | null;
}

export type Inspection =
  InspectedModelFile | InspectedService | InspectedContainerImage | readonly InspectedModelFile[];

/**
 * Inspects a path that is there (a bento or an image in a file among them), else the tag of a stored bento, else that of a stored model, else an image of docker or podman.
 *
 * Throws CommandError or ServingError when it can't be read.
 */
export async function inspectTarget(given: string): Promise<Inspection> {
  if (!existsSync(given)) return inspectNamed(given);
  const packed = await inspectPacked(given);
  if (packed?.kind === "image") return packed.image;
  if (packed !== undefined) return { ...describedBento(packed.file), path: toShown(given), digest: packed.digest };
  const target = await findTarget(given);
  if (target.kind !== "models") return inspectService(target);
  const [only, ...others] = await Promise.all(
    target.models.map(({ path }) => inspectFile(path, toShown(modelFolder(path) ?? path))),
  );
  // A folder is a list, whatever it holds; but that of a SavedModel or TF.js model is the model.
  const isOne = target.path === target.models[0]?.path || target.path === modelFolder(target.models[0]?.path);
  if (only !== undefined && others.length === 0 && isOne) return only;
  return only === undefined ? [] : [only, ...others];
}

/** The folder that is the model; undefined for one that is known by its file. */
function modelFolder(path = ""): string | undefined {
  return isMainOfFolder(path) ? dirname(path) : undefined;
}

async function inspectNamed(given: string): Promise<Inspection> {
  const stored = await findStoredBento(given);
  if (stored !== undefined) return inspectService(stored);
  const model = isTag(given) ? await createModelStore(modelStoreDir()).get(given).catch(unlessMissing) : undefined;
  if (model !== undefined) return inspectFile(model.root, given);
  return interruptible(async (signal) => inspectContainerImage(await findImage(given, signal), signal));
}

function unlessMissing(cause: unknown): undefined {
  if (!(cause instanceof ServingError) || cause.code !== "NOT_FOUND") throw cause;
}

async function inspectFile(path: string, shown: string): Promise<InspectedModelFile> {
  return { kind: "model", path: shown, ...(await inspectModel(path)) };
}

function describedBento(file: BentoFile): Omit<InspectedService, "path" | "digest"> {
  return {
    kind: "service",
    definition: file.definition,
    schemas: schemasOf(file.definition),
    models: file.models.map(({ source, engine, digest }) => ({ source, engine, digest })),
    bento: versionsOf(file),
  };
}

function schemasOf(definition: ServiceDefinition): JsonValue {
  const { components } = openApiDocument(definition);
  return typeof components === "object" && components !== null && "schemas" in components ? components.schemas : {};
}

async function inspectService(target: Exclude<Target, { kind: "models" }>): Promise<InspectedService> {
  const { definition, projectDir, server } = await describeService(target);
  const bento = target.kind === "bento" ? await server.openBento(projectDir) : undefined;
  const path = toShown(target.kind === "module" ? target.file : target.projectDir);
  const digest = digestOf(definition);
  if (bento !== undefined) return { ...describedBento(bento.file), path, digest };
  return { kind: "service", path, digest, definition, schemas: schemasOf(definition), models: null, bento: null };
}

function versionsOf({ platform, nodeVersion, runtimeVersion }: BentoFile): InspectedService["bento"] {
  return { platform, nodeVersion, runtimeVersion };
}

function toShown(path: string): string {
  return relative(process.cwd(), path) || ".";
}
