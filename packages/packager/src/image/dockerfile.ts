import type { CopyPlan, ImagePlan } from "./image-plan.ts";

/**
 * The Dockerfile of a planned image: layers base, Node, dependencies, models, code, each changing more often than the one before it.
 *
 * The same plan gives the same text. No shell and nothing of the network is needed to build it, unless Debian packages are asked for.
 */
export function dockerfile(plan: ImagePlan): string {
  const { base, healthcheck } = plan;
  const times = `--interval=${healthcheck.intervalSeconds}s --timeout=${healthcheck.timeoutSeconds}s --start-period=${healthcheck.startPeriodSeconds}s`;
  const lines = [
    "# Written by bento-ts build.",
    `ARG BASE_IMAGE=${base}`,
    "FROM ${BASE_IMAGE}",
    ...installLines(plan.packages),
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

/** What the engine is given of a bento's folder: nothing that someone else may have put there. */
export function dockerignore({ layers }: Pick<ImagePlan, "layers">): string {
  const names = layers.flatMap(({ copies }) => copies.flatMap(({ from }) => from));
  return ["*", ...names.map((name) => `!${name}`), ""].join("\n");
}

function copyLine({ from, to }: CopyPlan): string {
  return typeof from === "string" ? `COPY ${from}/ ${to}/` : `COPY ${from.join(" ")} ${to}/`;
}

function installLines(packages: readonly string[]): readonly string[] {
  if (packages.length === 0) return [];
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  return ["USER 0", `RUN apt-get update && ${install} && rm -rf /var/lib/apt/lists/*`];
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
