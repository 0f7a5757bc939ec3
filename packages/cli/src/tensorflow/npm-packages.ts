import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { TarHeader } from "modern-tar";
import { unpackTar } from "modern-tar/fs";
import { failed } from "../command-error.ts";
import type { NpmArtifact } from "./artifacts.ts";
import { runTool } from "./run-tool.ts";

/** A package, and the folder that it is unpacked into. */
export interface PlacedPackage {
  readonly artifact: NpmArtifact;
  readonly dir: string;
}

/**
 * Fetches packages by the npm client, with its registry, proxy and credentials, and unpacks of each what is to be kept.
 *
 * No script of a package is run. Throws CommandError when npm is missing or fails, and when a tarball has not the integrity that was pinned.
 */
export async function fetchNpmPackages(
  packages: readonly PlacedPackage[],
  { tmp, env, signal }: { readonly tmp: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  await mkdir(tmp, { recursive: true });
  const specs = packages.map(({ artifact }) => `${artifact.name}@${artifact.version}`);
  const args = ["pack", ...specs, "--json", "--ignore-scripts", "--pack-destination", tmp];
  // It would add its own news about versions and funding.
  const quiet = { ...env, npm_config_update_notifier: "false", npm_config_dry_run: "false" };
  const told = await runTool("npm", args, { env: quiet, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw failed(`the packages of the addon can't be fetched (${reason}): check the network and npm's registry`, cause);
  });
  if (told === undefined)
    throw failed("fetching the packages of the addon needs npm, which is not found: put it into PATH");
  const packed = JSON.parse(told) as readonly { readonly name: string; readonly filename: string }[];
  for (const { artifact, dir } of packages) {
    const filename = packed.find(({ name }) => name === artifact.name)?.filename;
    if (filename === undefined)
      throw failed(`npm gave no tarball of ${artifact.name}: update npm to version 10 or newer`);
    // A scope stands with its slash in what older versions tell, and with a dash in the file's name.
    await unpack(join(tmp, filename.replace(/^@/, "").replace("/", "-")), { artifact, dir, signal });
  }
}

interface Unpacking extends PlacedPackage {
  readonly signal: AbortSignal;
}

async function unpack(tarball: string, { artifact, dir, signal }: Unpacking): Promise<void> {
  const found = await integrityOf(tarball);
  if (found !== artifact.integrity) {
    const { name, version, integrity } = artifact;
    throw failed(
      `the registry's ${name}@${version} is not the package that was expected: its integrity is ${found}, not ${integrity}; use another registry`,
    );
  }
  const isKept = ({ name, type }: TarHeader): boolean => type === "file" && artifact.keep.test(name);
  await pipeline(
    createReadStream(tarball),
    createGunzip(),
    unpackTar(dir, { strip: 1, filter: isKept, fmode: 0o644, dmode: 0o755 }),
    { signal },
  );
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash("sha512");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha512-${hash.digest("base64")}`;
}
