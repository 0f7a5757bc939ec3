import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A registry of npm packages on loopback that wants a token. */
export interface NpmRegistry {
  /** Lines of an .npmrc that leads to it. */
  readonly npmrc: string;
  /** Paths that were asked for with the token. */
  readonly asked: readonly string[];
  /** Packs a package with this package.json and other files; gives its integrity. */
  publish(manifest: Manifest, files: Readonly<Record<string, string | Uint8Array>>): string;
  close(): void;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Published {
  readonly version: string;
  readonly tarball: Buffer;
  readonly integrity: string;
}

const TOKEN = "registry-token";

/** Starts a registry that keeps its files in a folder; closed when the test ends. Source: npm/registry, "Package Metadata". */
export async function npmRegistry(dir: string): Promise<NpmRegistry> {
  const packages = new Map<string, Published>();
  const asked: string[] = [];
  const server = createServer(({ url = "", headers }, response) => {
    if (headers.authorization !== `Bearer ${TOKEN}`) {
      response.writeHead(401).end("{}");
      return;
    }
    asked.push(url);
    const [name = "", file] = decodeURIComponent(url.slice(1)).split("/-/");
    const found = packages.get(name);
    if (found === undefined) response.writeHead(404).end("{}");
    else if (file !== undefined) response.end(found.tarball);
    else {
      const dist = { tarball: `${origin()}/${name}/-/${found.version}.tgz`, integrity: found.integrity };
      const version = { name, version: found.version, dist };
      response.end(
        JSON.stringify({ name, "dist-tags": { latest: found.version }, versions: { [found.version]: version } }),
      );
    }
  });
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return {
    npmrc: `registry=${origin()}/\n${origin().slice("http:".length)}/:_authToken=${TOKEN}\nfetch-retries=0\n`,
    asked,
    publish(manifest, files) {
      const { name, version } = manifest;
      const folder = join(dir, `published-${packages.size}`);
      for (const [path, content] of Object.entries({ ...files, "package.json": JSON.stringify(manifest) })) {
        mkdirSync(join(folder, "package", path, ".."), { recursive: true });
        writeFileSync(join(folder, "package", path), content);
      }
      execFileSync("tar", ["-czf", "p.tgz", "package"], { cwd: folder });
      const tarball = readFileSync(join(folder, "p.tgz"));
      const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
      packages.set(name, { version, tarball, integrity });
      return integrity;
    },
    close,
  };
}
