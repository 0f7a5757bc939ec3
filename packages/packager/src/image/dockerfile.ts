import { type CopyPlan, type ImagePlan, SCRIPTS_FOLDER, SCRIPTS_HOME } from "./image-plan.ts";

/**
 * The Dockerfile of a planned image: layers base, Node, dependencies, models, code, each changing more often than the one before it.
 *
 * The same plan gives the same text. No shell and nothing of the network is needed to build it, unless packages or scripts are asked for.
 */
export function dockerfile(plan: ImagePlan): string {
  const { base, healthcheck } = plan;
  const times = `--interval=${healthcheck.intervalSeconds}s --timeout=${healthcheck.timeoutSeconds}s --start-period=${healthcheck.startPeriodSeconds}s`;
  const lines = [
    "# Written by bento-ts build.",
    `ARG BASE_IMAGE=${base}`,
    "FROM ${BASE_IMAGE}",
    ...setupLines(plan),
    ...plan.layers.flatMap(({ copies }) => copies.map(copyLine)),
    `WORKDIR ${plan.workdir}`,
    pairs("LABEL", plan.labels),
    pairs("ENV", plan.env),
    `USER ${plan.user}`,
    `EXPOSE ${plan.ports.join(" ")}`,
    `STOPSIGNAL ${plan.stopSignal}`,
    `HEALTHCHECK ${times} CMD ${JSON.stringify(healthcheck.command)}`,
    `ENTRYPOINT ${JSON.stringify(plan.entrypoint)}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** How the step that installs packages begins, in what engines tell of it too. */
export const INSTALL_COMMAND =
  "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends";

/** What the engine is given of a bento's folder: nothing that someone else may have put there. */
export function dockerignore({ layers, scripts }: Pick<ImagePlan, "layers" | "scripts">): string {
  const copied = layers.flatMap(({ copies }) => copies.flatMap(({ from }) => from));
  const names = scripts.length === 0 ? copied : [SCRIPTS_FOLDER, ...copied];
  return ["*", ...names.map((name) => `!${name}`), ""].join("\n");
}

function copyLine({ from, to }: CopyPlan): string {
  return typeof from === "string" ? `COPY ${from}/ ${to}/` : `COPY ${from.join(" ")} ${to}/`;
}

/** What runs as root before anything is copied that changes more often. Secrets are mounted for these steps alone, which no layer holds. */
function setupLines({ packages, scripts, secrets }: ImagePlan): readonly string[] {
  if (packages.length + scripts.length === 0) return [];
  const mounts = secrets.map((id) => `--mount=type=secret,id=${id} `).join("");
  return [
    "USER 0",
    ...(packages.length === 0 ? [] : [...UNPINNED, `RUN ${mounts}${installCommand(packages)}`]),
    ...(scripts.length === 0 ? [] : [`COPY ${SCRIPTS_FOLDER}/ ${SCRIPTS_HOME}/`]),
    ...scripts.flatMap((command) => [...APART, `RUN ${mounts}${JSON.stringify(command)}`]),
  ];
}

const UNPINNED = [
  "# Which version is the author's to say: image.packages takes name=version.",
  "# hadolint ignore=DL3008",
];
const APART = [
  "# Each script is a step of its own, so that a change to one does not run those before it.",
  "# hadolint ignore=DL3059",
];

/** What apt and dpkg leave behind: lists and caches of the day, logs with the time. */
const LEFT_BEHIND = [
  "/var/lib/apt/lists/*",
  "/var/cache/apt/*",
  "/var/cache/debconf/*-old",
  "/var/cache/ldconfig/aux-cache",
  "/var/log/apt",
  "/var/log/alternatives.log",
  "/var/log/dpkg.log",
];

function installCommand(packages: readonly string[]): string {
  return `${INSTALL_COMMAND} ${packages.join(" ")} && rm -rf ${LEFT_BEHIND.join(" ")}`;
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
