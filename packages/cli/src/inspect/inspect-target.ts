import { existsSync } from "node:fs";
import { relative } from "node:path";
import { type BentoModel, digestOf, type JsonValue, type ServiceDefinition } from "@bento-ts/runtime/definition";
import {
  createModelStore,
  type InspectedModel,
  inspectModel,
  isTag,
  modelStoreDir,
} from "@bento-ts/runtime/models-store";
import { openApiDocument } from "@bento-ts/runtime/openapi";
import { describeService } from "../target/describe-service.ts";
import { findStoredBento } from "../target/find-stored-bento.ts";
import { findTarget, type Target } from "../target/find-target.ts";

/** What a model file is. */
export interface InspectedModelFile extends InspectedModel {
  readonly kind: "model";
  readonly path: string;
}

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
}

export type Inspection = InspectedModelFile | InspectedService | readonly InspectedModelFile[];

/** Inspects a model, several of them, or a service. Throws CommandError or ServingError when it can't be read. */
export async function inspectTarget(given: string): Promise<Inspection> {
  if (isTag(given) && !existsSync(given)) {
    const stored = await findStoredBento(given);
    if (stored !== undefined) return inspectService(stored);
    return inspectFile((await createModelStore(modelStoreDir()).get(given)).root, given);
  }
  const target = await findTarget(given);
  if (target.kind !== "models") return inspectService(target);
  const [only, ...others] = await Promise.all(target.models.map(({ path }) => inspectFile(path, toShown(path))));
  // A folder is a list, whatever it holds.
  if (only !== undefined && others.length === 0 && target.path === target.models[0]?.path) return only;
  return only === undefined ? [] : [only, ...others];
}

async function inspectFile(path: string, shown: string): Promise<InspectedModelFile> {
  return { kind: "model", path: shown, ...(await inspectModel(path)) };
}

async function inspectService(target: Exclude<Target, { kind: "models" }>): Promise<InspectedService> {
  const { definition, projectDir, server } = await describeService(target);
  const { components } = openApiDocument(definition);
  const bento = target.kind === "bento" ? await server.openBento(projectDir) : undefined;
  return {
    kind: "service",
    path: toShown(target.kind === "module" ? target.file : target.projectDir),
    digest: digestOf(definition),
    definition,
    schemas: typeof components === "object" && components !== null && "schemas" in components ? components.schemas : {},
    models: bento?.file.models.map(({ source, engine, digest }) => ({ source, engine, digest })) ?? null,
  };
}

function toShown(path: string): string {
  return relative(process.cwd(), path) || ".";
}
