/** What decides the text of a Dockerfile. */
export interface DockerfileFacts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Base image that is used unless the build names another; null for none. */
  readonly base: string | null;
  /** Debian packages to install. */
  readonly packages: readonly string[];
  /** The author's variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly hasModels: boolean;
  /** Files beside the folders: bento.json and what else the bento has. */
  readonly files: readonly string[];
  readonly port: number;
  /** The same as `port` where one port takes both. */
  readonly grpcPort: number;
  readonly adminPort: number;
}

/** Where the bento lies in an image. */
const HOME = "/app";
const NODE = "/usr/local/bin/node";
/** Relative to the bento. */
const SERVER = "node_modules/@bento-ts/runtime/dist/server/entry.js";

/**
 * The Dockerfile of a bento: layers base, Node, dependencies, models, code, each changing more often than the one before it.
 *
 * The same facts give the same text. No shell and nothing of the network is needed to build it, unless Debian packages are asked for. The user is
 * numeric, so that Kubernetes can tell that it is not root, and in group 0, so that any other user id may take its place.
 */
export function dockerfile(facts: DockerfileFacts): string {
  const { name, version, description } = facts;
  const labels = {
    "org.opencontainers.image.title": name,
    "org.opencontainers.image.version": version,
    ...(description === "" ? {} : { "org.opencontainers.image.description": description }),
  };
  // HOME: a user id that the image does not know has none, and /tmp is what can be written. ORT_DISABLE_TELEMETRY: ONNX Runtime would send facts about
  // models to its maker. The author's variables come last: they may override these, which is theirs to decide.
  const env = { NODE_ENV: "production", HOME: "/tmp", ORT_DISABLE_TELEMETRY: "1", ...facts.env };
  const lines = [
    "# Written by bento-ts build.",
    facts.base === null ? "ARG BASE_IMAGE" : `ARG BASE_IMAGE=${facts.base}`,
    "FROM ${BASE_IMAGE}",
    ...installLines(facts.packages),
    "COPY node/ /usr/local/",
    `COPY node_modules/ ${HOME}/node_modules/`,
    ...(facts.hasModels ? [`COPY models/ ${HOME}/models/`] : []),
    `COPY service/ ${HOME}/service/`,
    `COPY ${facts.files.join(" ")} ${HOME}/`,
    `WORKDIR ${HOME}`,
    pairs("LABEL", labels),
    pairs("ENV", env),
    "USER 65532:0",
    `EXPOSE ${[...new Set([facts.port, facts.grpcPort, facts.adminPort])].join(" ")}`,
    "STOPSIGNAL SIGTERM",
    `HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ${healthcheck(facts.adminPort)}`,
    `ENTRYPOINT ${JSON.stringify([NODE, `${HOME}/${SERVER}`, "--bento", HOME, "--image"])}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** What the engine is given of a bento's folder: nothing that someone else may have put there. */
export function dockerignore(facts: Pick<DockerfileFacts, "hasModels" | "files">): string {
  const folders = ["node", "node_modules", ...(facts.hasModels ? ["models"] : []), "service"];
  return ["*", ...[...folders, ...facts.files].map((name) => `!${name}`), ""].join("\n");
}

function installLines(packages: readonly string[]): readonly string[] {
  if (packages.length === 0) return [];
  const install = `apt-get install -y --no-install-recommends ${[...packages].sort().join(" ")}`;
  return ["USER 0", `RUN apt-get update && ${install} && rm -rf /var/lib/apt/lists/*`];
}

/** Asks the admin port, which speaks plain HTTP whatever the service's own port does. */
function healthcheck(adminPort: number): string {
  const url = `"http://127.0.0.1:"+(process.env.BENTO_SERVER_ADMIN_PORT||${adminPort})+"/healthz"`;
  const code = `require("node:http").get(${url},r=>process.exit(r.statusCode===200?0:1)).on("error",()=>process.exit(1))`;
  return JSON.stringify([NODE, "-e", code]);
}

function pairs(instruction: "LABEL" | "ENV", values: Readonly<Record<string, string>>): string {
  const rows = Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`);
  return `${instruction} ${rows.join(" \\\n      ")}`;
}

/**
 * A value in double quotes: quotes, backslashes and variables in it mean themselves, line ends become spaces.
 *
 * Source: Dockerfile reference, "Environment replacement" and "LABEL".
 */
function quoted(value: string): string {
  return `"${value.replaceAll(/\s*[\r\n]+\s*/g, " ").replaceAll(/["\\$]/g, "\\$&")}"`;
}
