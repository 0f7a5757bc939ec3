import type { Problem } from "../errors.ts";
import { envNameOf } from "./env-name.ts";
import { KEY_BY_VARIABLE, SECTION_PATHS } from "./keys.ts";
import type { Layer } from "./layer.ts";
import { nearestName } from "../did-you-mean.ts";
import { readTexts, type TextValue } from "./text-values.ts";

/** Variables of the process; undefined stands for one that is not set. */
export type Variables = Readonly<Record<string, string | undefined>>;

const PREFIX = "BENTO_";

/** `BENTO_` variables that are read elsewhere and set no key. */
export const OTHER_VARIABLES = {
  BENTO_HOME: "folder of the model and bento stores",
  BENTO_TENSORFLOW_DIR: "folder of a prepared native TensorFlow, as images have it",
  BENTO_CACHE: "folder of files that scripts fetched",
  BENTO_REGISTRY_CA: "certificates of image registries",
  BENTO_REGISTRY_PLAIN_HTTP: "image registries without TLS",
} as const satisfies Record<string, string>;

/**
 * The layer of `BENTO_*` variables; an empty one counts as not set.
 *
 * One under a section's prefix that names no key is a problem; any other is somebody else's and only warned about, as are those that
 * Kubernetes injects for services.
 */
export function envLayer(env: Variables): Layer {
  const texts: TextValue[] = [];
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const serviceLinks: string[] = [];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith(PREFIX) || text === undefined || text === "" || Object.hasOwn(OTHER_VARIABLES, name)) continue;
    const path = KEY_BY_VARIABLE.get(name);
    if (isServiceLink(name, text)) serviceLinks.push(name);
    else if (path !== undefined) texts.push({ path, text, where: name });
    else if (isUnderSection(name)) problems.push({ path: name, message: `unknown variable${didYouMean(name)}` });
    else warnings.push(`${name} is no variable of the configuration and is ignored${didYouMean(name)}`);
  }
  const read = readTexts(texts);
  return {
    name: "env",
    given: read.given,
    problems: [...problems, ...read.problems],
    warnings: [...warnings, ...serviceLinkWarning(serviceLinks)],
  };
}

/**
 * Whether Kubernetes made this variable for a service named `bento…`.
 *
 * Source: Kubernetes documentation, "Discovering services": {SVC}_SERVICE_HOST, {SVC}_SERVICE_PORT[_NAME], {SVC}_PORT=tcp://…, {SVC}_PORT_{n}_{PROTOCOL}….
 */
function isServiceLink(name: string, text: string): boolean {
  if (/_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(text)) return true;
  return /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name);
}

function isUnderSection(name: string): boolean {
  return SECTION_PATHS.some((section) => name === envNameOf(section) || name.startsWith(`${envNameOf(section)}_`));
}

function didYouMean(name: string): string {
  const names = [...KEY_BY_VARIABLE.keys(), ...Object.keys(OTHER_VARIABLES)].map((known) => known.slice(PREFIX.length));
  const meant = nearestName(name.slice(PREFIX.length), names);
  return meant === undefined ? "" : `; did you mean ${PREFIX}${meant}?`;
}

function serviceLinkWarning(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return [
    `${names.slice(0, 3).join(", ")}${more}: set by Kubernetes for a service of that name and ignored; enableServiceLinks: false keeps them away`,
  ];
}
