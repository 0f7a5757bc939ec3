import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { askCredentialHelper } from "./credential-helper.ts";
import { credentialNames } from "./reference.ts";
import type { ResolvedRegistryOptions } from "./registry-options.ts";

/** What proves to a registry who asks. */
export type Credential =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  /** Exchanged for access tokens where the registry says. */
  | { readonly kind: "identityToken"; readonly token: string };

/** The part of Docker's config.json and of containers' auth.json that tells of credentials. */
interface AuthFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

type Asker = Pick<ResolvedRegistryOptions, "env" | "signal">;

/**
 * The credential for a repository, as `docker login`, `podman login` or a helper has kept it; undefined when there is none.
 *
 * Looks into `$DOCKER_CONFIG/config.json` (`~/.docker` unless set), then `$REGISTRY_AUTH_FILE`, `$XDG_RUNTIME_DIR/containers/auth.json` and
 * `~/.config/containers/auth.json`; in each: a helper for the host, the store of all, the file itself.
 * Throws FAILED_PRECONDITION when a file is not well-formed or a helper fails.
 */
export async function findCredential(host: string, repository: string, asker: Asker): Promise<Credential | undefined> {
  const names = credentialNames(host);
  for (const path of authFiles(asker.env)) {
    const file = await readAuthFile(path);
    const helper =
      names.map((name) => file.credHelpers?.[name]).find((found) => found !== undefined) ?? file.credsStore;
    const found =
      (helper === undefined || helper === "" ? undefined : await askHelper(helper, names, asker)) ??
      ofFile(file, names, repository, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function authFiles(env: Asker["env"]): readonly string[] {
  const home = env["HOME"] ?? homedir();
  const [docker, registryFile, runtime] = [env["DOCKER_CONFIG"], env["REGISTRY_AUTH_FILE"], env["XDG_RUNTIME_DIR"]];
  return [
    join(docker === undefined || docker === "" ? join(home, ".docker") : docker, "config.json"),
    ...(registryFile === undefined || registryFile === "" ? [] : [registryFile]),
    ...(runtime === undefined || runtime === "" ? [] : [join(runtime, "containers/auth.json")]),
    join(home, ".config/containers/auth.json"),
  ];
}

async function readAuthFile(path: string): Promise<AuthFile> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined || text.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return parsed;
  } catch {
    // Without the cause, which shows a piece of the text.
  }
  throw new ServingError(
    "FAILED_PRECONDITION",
    `${path} is not well-formed: expected JSON with the key "auths", as "docker login" writes it`,
  );
}

async function askHelper(helper: string, names: readonly string[], asker: Asker): Promise<Credential | undefined> {
  for (const name of names) {
    const found = await askCredentialHelper(helper, name, asker);
    if (found === undefined) continue;
    // Source: docker-credential-helpers, "Development": this user name says that the secret is an identity token.
    return found.user === "<token>"
      ? { kind: "identityToken", token: found.secret }
      : { kind: "password", user: found.user, password: found.secret };
  }
  return undefined;
}

/** The entry whose name says most: containers' auth.json may keep one for a part of a registry. */
function ofFile(file: AuthFile, names: readonly string[], repository: string, path: string): Credential | undefined {
  const full = names.map((name) => `${bareName(name)}/${repository}/`);
  const [best] = Object.entries(file.auths ?? {})
    .filter(([name]) => full.some((wanted) => wanted.startsWith(`${bareName(name)}/`)))
    .sort(([a], [b]) => bareName(b).length - bareName(a).length);
  return best === undefined ? undefined : toCredential(best[1], path);
}

/** `https://index.docker.io/v1/` → `index.docker.io` */
function bareName(name: string): string {
  return name.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
}

function toCredential(entry: AuthEntry, path: string): Credential | undefined {
  const { auth = "", identitytoken = "", username = "", password = "" } = entry;
  if (identitytoken !== "") return { kind: "identityToken", token: identitytoken };
  if (auth === "") return username === "" ? undefined : { kind: "password", user: username, password };
  const decoded = Buffer.from(auth, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon === -1) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `${path} has an "auth" that is not user:password in base64: sign in anew with "docker login"`,
    );
  }
  // Docker pads with zero bytes.
  return { kind: "password", user: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
}
