import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { integrityOf } from "./tiny-tensorflow.fixture.ts";

export interface RegistriesOptions {
  readonly wheelName: string;
  readonly wheel: Buffer;
  readonly tarballs: ReadonlyMap<string, Buffer>;
  /** Bytes after which each answer with the wheel breaks off; none does when it is left out. */
  readonly cutAfterBytes?: number;
  /** Whether ranges are answered; a server may ignore them. */
  readonly ranges?: boolean;
  /** Whether the index is HTML and not JSON. */
  readonly html?: boolean;
}

export interface Registries {
  readonly url: string;
  /** Of pip and npm, so that they come here. */
  readonly env: Readonly<Record<string, string>>;
  /** `Range` of each request for the wheel, "" where there was none. */
  readonly wheelRequests: readonly string[];
}

/** An index of PyPI and a registry of npm on one port, for what a test puts into them. */
export async function startRegistries(options: RegistriesOptions): Promise<Registries> {
  const { wheelName, tarballs, html = false } = options;
  const wheelRequests: string[] = [];
  const server = createServer(({ url = "", headers }, response) => {
    const path = decodeURIComponent(url);
    const packed = tarballs.get(path.replace(/^\/tarballs\//, ""));
    if (path === "/simple/tensorflow-cpu/") sendIndex(response, wheelName, html);
    else if (path === `/files/${wheelName}`) {
      wheelRequests.push(headers.range ?? "");
      sendWheel(response, headers.range, options);
    } else if (packed !== undefined) response.end(packed);
    else sendPackument(response, path.slice(1), { tarballs, origin: `http://${headers.host}` });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return { url, wheelRequests, env: { PIP_INDEX_URL: `${url}/simple`, npm_config_registry: url } };
}

function sendIndex(response: ServerResponse, wheelName: string, html: boolean): void {
  const url = `../../files/${wheelName}`;
  if (html) response.setHeader("content-type", "text/html").end(`<a href="${url}#sha256=00">${wheelName}</a>`);
  else
    response
      .setHeader("content-type", "application/vnd.pypi.simple.v1+json")
      .end(JSON.stringify({ files: [{ filename: wheelName, url }] }));
}

function sendWheel(response: ServerResponse, range: string | undefined, options: RegistriesOptions): void {
  const { wheel, cutAfterBytes, ranges = true } = options;
  const from = ranges ? Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0) : 0;
  if (from >= wheel.length) {
    response.writeHead(416).end();
    return;
  }
  response.writeHead(from > 0 ? 206 : 200, { "content-length": wheel.length - from });
  if (cutAfterBytes === undefined) response.end(wheel.subarray(from));
  else response.write(wheel.subarray(from, from + cutAfterBytes), () => response.socket?.end());
}

function sendPackument(
  response: ServerResponse,
  name: string,
  { tarballs, origin }: { readonly tarballs: ReadonlyMap<string, Buffer>; readonly origin: string },
): void {
  const packed = tarballs.get(name);
  if (packed === undefined) {
    response.writeHead(404).end("{}");
    return;
  }
  const dist = { tarball: `${origin}/tarballs/${encodeURIComponent(name)}`, integrity: integrityOf(packed) };
  response.setHeader("content-type", "application/json").end(
    JSON.stringify({
      name,
      "dist-tags": { latest: "1.0.0" },
      versions: { "1.0.0": { name, version: "1.0.0", dist } },
    }),
  );
}
