import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { TENSORFLOW_FOLDER } from "../stage-tensorflow.ts";
import { INIT_FILE_NAME } from "./init-script.ts";

/** What decides an image: facts of the service and of its configuration. */
export interface ImageFacts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Commit of the project, where it is known. */
  readonly revision?: string | undefined;
  /** Base image that is used unless the build names another. */
  readonly base: string;
  /** Debian packages to install. */
  readonly packages: readonly string[];
  /** The author's scripts, by their paths in the bento's folder `scripts`, in the order in which they run. */
  readonly scripts: readonly ScriptFacts[];
  /** Names of the secrets that packages and scripts may read. */
  readonly secrets: readonly string[];
  /** The author's variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Models in the bento: what the code names, and "sha256:…". */
  readonly models: readonly { readonly source: string; readonly digest: string }[];
  /** Whether the bento has a native TensorFlow. */
  readonly hasTensorFlow: boolean;
  readonly hasModels: boolean;
  /** Files beside the folders: bento.json and what else the bento has. */
  readonly files: readonly string[];
  readonly port: number;
  /** The same as `port` where one port takes both. */
  readonly grpcPort: number;
  readonly adminPort: number;
}

/** A script of the author. */
export interface ScriptFacts {
  readonly path: string;
  /** Whether its first line says what runs it (`#!`); otherwise /bin/sh does. */
  readonly hasInterpreter: boolean;
}

/** One layer above the base: parts of the bento and where they go. */
export interface LayerPlan {
  readonly name: "node" | "tensorflow" | "dependencies" | "models" | "code";
  readonly copies: readonly CopyPlan[];
}

export interface CopyPlan {
  /** A folder of the bento whose content is meant, or files at its top. */
  readonly from: string | readonly string[];
  /** Absolute folder in the image. */
  readonly to: string;
}

/** An image as data: whatever builds it, this is what comes out. */
export interface ImagePlan {
  readonly formatVersion: typeof PLAN_FORMAT_VERSION;
  readonly base: string;
  readonly packages: readonly string[];
  /** Commands that run as root, once the bento's folder `scripts` is copied and before anything else is. */
  readonly scripts: readonly (readonly string[])[];
  /** Names of secrets; never their values. */
  readonly secrets: readonly string[];
  /** Those that change least come first. */
  readonly layers: readonly LayerPlan[];
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Numeric `user:group`. */
  readonly user: string;
  readonly workdir: string;
  readonly ports: readonly number[];
  readonly stopSignal: string;
  readonly healthcheck: {
    readonly command: readonly string[];
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
    readonly startPeriodSeconds: number;
  };
  readonly entrypoint: readonly string[];
}

/** Name of the file in a bento that holds the plan of its image. */
export const PLAN_FILE_NAME = "image.json";

/** Label that holds the digest of each model, as JSON. */
const MODELS_LABEL = "bento-ts.models";
const PLAN_FORMAT_VERSION = 1;
/** Where the bento lies in an image. */
const HOME = "/app";
/** Folder of scripts in a bento. */
export const SCRIPTS_FOLDER = "scripts";
/** Where they lie in an image. */
export const SCRIPTS_HOME = `${HOME}/${SCRIPTS_FOLDER}`;
const TENSORFLOW_HOME = `${HOME}/${TENSORFLOW_FOLDER}`;
/** It is the same for all services of one version of the product: their images share it. */
const TENSORFLOW_LAYER: LayerPlan = {
  name: "tensorflow",
  copies: [{ from: TENSORFLOW_FOLDER, to: TENSORFLOW_HOME }],
};
const NODE = "/usr/local/bin/node";
/** Relative to the bento. */
const SERVER = "node_modules/@bento-ts/runtime/dist/server/entry.js";

/**
 * Plans the image of a bento. The same facts give the same plan.
 *
 * The user is numeric, so that Kubernetes can tell that it is not root, and in group 0, so that any other user id may take its place.
 */
export function planImage(facts: ImageFacts): ImagePlan {
  const { base, packages, scripts, secrets } = facts;
  return {
    formatVersion: PLAN_FORMAT_VERSION,
    base,
    packages: [...packages].sort(),
    scripts: scripts.map(({ path, hasInterpreter }) => [
      ...(hasInterpreter ? [] : ["/bin/sh", "-e"]),
      `${SCRIPTS_HOME}/${path}`,
    ]),
    secrets,
    layers: [
      { name: "node", copies: [{ from: "node", to: "/usr/local" }] },
      ...(facts.hasTensorFlow ? [TENSORFLOW_LAYER] : []),
      { name: "dependencies", copies: [{ from: "node_modules", to: `${HOME}/node_modules` }] },
      ...(facts.hasModels ? [{ name: "models", copies: [{ from: "models", to: `${HOME}/models` }] } as const] : []),
      {
        name: "code",
        copies: [
          { from: "service", to: `${HOME}/service` },
          { from: [...facts.files, INIT_FILE_NAME], to: HOME },
        ],
      },
    ],
    labels: labelsOf(facts),
    // HOME: a user id that the image does not know has none, and /tmp is what can be written. ORT_DISABLE_TELEMETRY: ONNX Runtime would send facts about
    // models to its maker. The author's variables come last: they may override these, which is theirs to decide.
    env: {
      NODE_ENV: "production",
      HOME: "/tmp",
      ORT_DISABLE_TELEMETRY: "1",
      ...(facts.hasTensorFlow ? { BENTO_TENSORFLOW_DIR: TENSORFLOW_HOME } : {}),
      ...facts.env,
    },
    user: "65532:0",
    workdir: HOME,
    ports: [...new Set([facts.port, facts.grpcPort, facts.adminPort])],
    stopSignal: "SIGTERM",
    healthcheck: {
      command: healthCommand(facts.adminPort),
      intervalSeconds: 30,
      timeoutSeconds: 5,
      startPeriodSeconds: 60,
    },
    entrypoint: ["/bin/sh", `${HOME}/${INIT_FILE_NAME}`, NODE, `${HOME}/${SERVER}`, "--bento", HOME, "--image"],
  };
}

/** Labels that tell the base of an image, by the name that was asked for and, where that has one, its digest. */
export function baseLabels(base: string): ImagePlan["labels"] {
  const [name = "", digest] = base.split("@");
  return {
    "org.opencontainers.image.base.name": name,
    ...(digest === undefined ? {} : { "org.opencontainers.image.base.digest": digest }),
  };
}

/** Source: OCI Image Format 1.1, "Pre-Defined Annotation Keys"; the digests of models are JSON, as a model's name may hold anything. */
function labelsOf({ name, version, description, revision, models }: ImageFacts): ImagePlan["labels"] {
  const digests = Object.fromEntries(models.map(({ source, digest }) => [source, digest]));
  return {
    "org.opencontainers.image.title": name,
    "org.opencontainers.image.version": version,
    ...(description === "" ? {} : { "org.opencontainers.image.description": description }),
    ...(revision === undefined ? {} : { "org.opencontainers.image.revision": revision }),
    ...(models.length === 0 ? {} : { [MODELS_LABEL]: JSON.stringify(digests) }),
  };
}

/** The plan of a bento's image. Throws FAILED_PRECONDITION when the folder has none that this version reads. */
export async function readImagePlan(bentoDir: string): Promise<ImagePlan> {
  const path = join(bentoDir, PLAN_FILE_NAME);
  try {
    const plan = JSON.parse(await readFile(path, "utf8")) as ImagePlan;
    if (plan.formatVersion === PLAN_FORMAT_VERSION) return plan;
  } catch (cause) {
    throw unreadable(bentoDir, cause);
  }
  throw unreadable(bentoDir);
}

function unreadable(bentoDir: string, cause?: unknown): ServingError {
  const message = `${bentoDir} has no ${PLAN_FILE_NAME} that this version reads: build the bento anew with "bento-ts build"`;
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}

/** Asks the admin port, which speaks plain HTTP whatever the service's own port does. */
function healthCommand(adminPort: number): readonly string[] {
  const url = `"http://127.0.0.1:"+(process.env.BENTO_SERVER_ADMIN_PORT||${adminPort})+"/healthz"`;
  const code = `require("node:http").get(${url},r=>process.exit(r.statusCode===200?0:1)).on("error",()=>process.exit(1))`;
  return [NODE, "-e", code];
}
