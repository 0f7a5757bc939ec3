import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A mirror of Debian packages on this machine's loopback address. */
export interface PackageMirror {
  /** Line of a `sources.list` that names it. */
  readonly source: string;
  close(): Promise<void>;
}

/**
 * Serves a package of one text file as a flat repository without signatures.
 *
 * Source: Debian wiki, "DebianRepository/Format", "Flat Repository Format"; deb-control(5).
 */
export async function startPackageMirror({
  name,
  path,
  text,
}: {
  readonly name: string;
  /** Of the file, absolute, as it is installed. */
  readonly path: string;
  readonly text: string;
}): Promise<PackageMirror> {
  const control = `Package: ${name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@example.com>\nDescription: a file\n`;
  const deb = packDeb(control, { path, text });
  const sha256 = createHash("sha256").update(deb).digest("hex");
  const index = `${control}Filename: ./${name}.deb\nSize: ${deb.length}\nSHA256: ${sha256}\n`;
  const files: Readonly<Record<string, string | Buffer>> = {
    "/./Packages": index,
    [`/./${name}.deb`]: deb,
  };
  const server = http.createServer(({ url = "/" }, response) => {
    const content = files[url];
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    source: `deb [trusted=yes] http://127.0.0.1:${port}/ ./`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function packDeb(control: string, { path, text }: { readonly path: string; readonly text: string }): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "bento-deb-"));
  try {
    for (const [file, content] of [
      ["DEBIAN/control", control],
      [path, text],
    ] as const) {
      mkdirSync(join(dir, "root", file, ".."), { recursive: true, mode: 0o755 });
      writeFileSync(join(dir, "root", file), content);
    }
    execFileSync("dpkg-deb", ["--root-owner-group", "--build", join(dir, "root"), join(dir, "a.deb")]);
    return readFileSync(join(dir, "a.deb"));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
