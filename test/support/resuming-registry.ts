import { createHash, randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** The part of a registry that takes blobs and manifests, and keeps what it has of an upload that breaks off. */
export interface ResumingRegistry {
  readonly url: string;
  /** What was pushed, by digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
  close(): Promise<void>;
}

/**
 * Starts a registry that lets broken uploads go on, as the protocol says and Debian's docker-registry 2.8 does not: that one gives an upload up when a part of
 * it broke off. Source: OCI Distribution 1.1, "Pushing a blob in chunks".
 */
export async function startResumingRegistry(): Promise<ResumingRegistry> {
  const blobs = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer[]>();
  const server = http.createServer((request, response) => {
    const { method = "", url = "/" } = request;
    const { pathname, searchParams } = new URL(url, "http://registry");
    const id = pathname.split("/").at(-1) ?? "";
    const upload = uploads.get(id);
    const answer = (status: number, headers: http.OutgoingHttpHeaders = {}): void =>
      void response.writeHead(status, headers).end();
    const stateOf = (parts: readonly Buffer[]): http.OutgoingHttpHeaders => ({
      location: pathname,
      range: `0-${Math.max(0, Buffer.concat(parts).length - 1)}`,
    });
    if (method === "HEAD") return answer(blobs.has(id) ? 200 : 404, { "content-length": blobs.get(id)?.length ?? 0 });
    if (method === "POST") {
      const next = randomUUID();
      uploads.set(next, []);
      return answer(202, { location: `${pathname}${next}`, range: "0-0" });
    }
    if (method === "GET") return upload === undefined ? answer(404) : answer(204, stateOf(upload));
    const parts = upload ?? [];
    if (method === "PATCH") {
      const first = Number((request.headers["content-range"] ?? "").split("-")[0]);
      if (first !== Buffer.concat(parts).length) return answer(416, stateOf(parts));
    }
    // As they come: what breaks off afterwards is kept.
    request.on("data", (chunk: Buffer) => parts.push(chunk));
    request.on("end", () => {
      if (method === "PATCH") return answer(202, stateOf(parts));
      const whole = Buffer.concat(parts);
      const digest = `sha256:${createHash("sha256").update(whole).digest("hex")}`;
      const wanted = searchParams.get("digest");
      if (wanted !== null && wanted !== digest) return answer(400);
      blobs.set(digest, whole);
      answer(201, { location: `/v2/a/blobs/${digest}`, "docker-content-digest": digest });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    blobs,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
