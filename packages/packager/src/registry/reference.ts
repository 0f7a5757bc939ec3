import { ServingError } from "@bento-ts/runtime/definition";

/** Where an image lies in a registry. */
export interface ImageReference {
  /** Host and port that requests go to. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** "sha256:…" */
  readonly digest: string | undefined;
}

/** Docker's registry has one name in references and another for requests. */
const DOCKER_HUB = "docker.io";
const DOCKER_HUB_HOST = "registry-1.docker.io";

const HOST =
  /^(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/;
/** Source: OCI Distribution 1.1, "Pulling manifests": <name> and <reference> as a tag. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Host and repository together: what registries commonly take. */
const MAX_NAME_CHARS = 255;

/**
 * Reads `[host[:port]/]path[:tag][@digest]`.
 *
 * A first part without `.`, `:` or capitals that is not `localhost` is no host: the image is Docker Hub's, there in `library/` when it has one part.
 * Throws INVALID_ARGUMENT, which names the part that is wrong. Source: OCI Distribution 1.1; Docker's rule for short names.
 */
export function parseReference(text: string): ImageReference {
  const [named, digest, ...more] = text.split("@");
  if (named === undefined || more.length > 0) throw wrong(text, 'it has more than one "@"');
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw wrong(text, `"${digest}" is no digest (expected "sha256:" and 64 hexadecimal digits)`);
  }
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/") && !/\]:?[0-9]*$/.test(named);
  const name = hasTag ? named.slice(0, colon) : named;
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) throw wrong(text, `"${tag}" is no tag`);
  const { host, path } = splitHost(name);
  if (!HOST.test(host) || Number(/:(\d+)$/.exec(host)?.[1] ?? 0) > 65_535) throw wrong(text, `"${host}" is no host`);
  const isHub = host === DOCKER_HUB || host === `index.${DOCKER_HUB}`;
  const repository = isHub && !path.includes("/") ? `library/${path}` : path;
  if (!REPOSITORY.test(path)) throw wrong(text, `"${path}" is no name of an image (lower case)`);
  if (host.length + 1 + repository.length > MAX_NAME_CHARS)
    throw wrong(text, `it is longer than ${MAX_NAME_CHARS} characters`);
  return { host: isHub ? DOCKER_HUB_HOST : host, repository, tag, digest };
}

/** The name that others pull by: as short as a reference can be without losing its meaning. */
export function referenceText({ host, repository, tag, digest }: ImageReference): string {
  const shownHost = host === DOCKER_HUB_HOST ? DOCKER_HUB : host;
  return `${shownHost}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** Names under which credentials for a host may be kept. Docker keeps those of its own registry under a URL. */
export function credentialNames(host: string): readonly string[] {
  return host === DOCKER_HUB_HOST
    ? ["https://index.docker.io/v1/", DOCKER_HUB, `index.${DOCKER_HUB}`, DOCKER_HUB_HOST]
    : [host];
}

function splitHost(name: string): { readonly host: string; readonly path: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, slash);
  const isHost = slash !== -1 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  return isHost ? { host: first, path: name.slice(slash + 1) } : { host: DOCKER_HUB, path: name };
}

function wrong(text: string, why: string): ServingError {
  return new ServingError(
    "INVALID_ARGUMENT",
    `"${text}" is no image reference: ${why}; expected one such as "registry.example.com/team/boston:1.4.0"`,
  );
}
