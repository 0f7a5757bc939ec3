import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ApiDefinition, ExampleDefinition, IoSpec } from "@bento-ts/runtime/definition";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runExample, type ExampleResult } from "./run-example.ts";

let dir: string;
const servers: Server[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "run-example-"));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true });
});

interface Call {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that answers every call alike and remembers the last. */
async function answering(
  reply: string | Uint8Array,
  options: { readonly status?: number } = {},
): Promise<{ readonly url: string; last(): Call | undefined }> {
  let last: Call | undefined;
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    last = { url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString("latin1") };
    response.writeHead(options.status ?? 200, { "x-request-id": "r1" }).end(reply);
  };
  const server = createServer((request, response) => void listener(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, last: () => last };
}

const json: IoSpec = { kind: "json", schema: {} };
const apiOf = (input: IoSpec, stream = false): ApiDefinition => ({
  name: "score",
  role: "predict",
  model: { name: "score", version: "1" },
  default: true,
  summary: "",
  description: "",
  input,
  output: json,
  stream,
  batch: null,
  nan: "error",
  timeoutMs: null,
  maxBodyBytes: null,
  authorize: null,
  examples: [],
});
const exampleOf = (
  input: ExampleDefinition["input"],
  output: ExampleDefinition["output"],
  tolerance = 0,
): ExampleDefinition => ({ name: "one", input, output, tolerance });
const run = (api: ApiDefinition, example: ExampleDefinition, url: string): Promise<ExampleResult> =>
  runExample(api, example, { url, baseDir: dir });

describe("runExample", () => {
  it("posts JSON and compares what comes back within the tolerance", async () => {
    const { url, last } = await answering('{"y":[1.25]}');
    const result = await run(apiOf(json), exampleOf({ json: { x: 1 } }, { json: { y: [1] } }, 0.5), url);
    expect(result).toEqual({
      api: "score",
      example: "one",
      ok: true,
      tolerance: 0.5,
      status: 200,
      largest: { path: "/y/0", difference: 0.25 },
      problems: [],
      total: 0,
      requestId: "r1",
    });
    expect(last()).toMatchObject({
      url: "/score",
      body: '{"x":1}',
      headers: { "content-type": "application/json", accept: "application/json" },
    });
  });

  it("fails with the place of a number past its tolerance", async () => {
    const { url } = await answering('{"y":[1.25]}');
    writeFileSync(join(dir, "out.json"), '{"y":[1]}');
    const result = await run(apiOf(json), exampleOf({ json: 1 }, { file: "out.json" }, 0.125), url);
    expect(result).toMatchObject({
      ok: false,
      problems: [{ path: "/y/0", message: "expected 1 ± 0.125, got 1.25 (off by 0.25)" }],
    });
  });

  it.each([
    ["a.csv", json, "text/csv"],
    ["a.png", json, "image/png"],
    ["a.JPG", json, "image/jpeg"],
    ["a.bin", json, "application/octet-stream"],
    ["a.json", json, "application/json"],
    ["a.json", { kind: "bytes", mediaType: "application/octet-stream" }, "application/octet-stream"],
    ["a.json", { kind: "file", mediaTypes: [] }, "application/octet-stream"],
    ["a.png", { kind: "file", mediaTypes: [] }, "image/png"],
  ] satisfies [string, IoSpec, string][])("sends %s to an API of %o as %s", async (file, input, mediaType) => {
    const { url, last } = await answering("1");
    writeFileSync(join(dir, file), "content");
    const result = await run(apiOf(input), exampleOf({ file }, { json: 1 }), url);
    expect(result.ok).toBe(true);
    expect(last()).toMatchObject({ body: "content", headers: { "content-type": mediaType } });
  });

  it("compares a text file as text and any other as bytes", async () => {
    const { url, last } = await answering("hello");
    writeFileSync(join(dir, "out.txt"), "hello");
    writeFileSync(join(dir, "out.bin"), "hellO");
    expect(await run(apiOf(json), exampleOf({ json: 1 }, { file: "out.txt" }), url)).toMatchObject({ ok: true });
    expect(last()?.headers.accept).toBe("text/plain");
    expect(await run(apiOf(json), exampleOf({ json: 1 }, { file: "out.bin" }), url)).toMatchObject({
      ok: false,
      problems: [{ message: "expected 5 bytes, got 5; the first difference is at byte 4" }],
    });
  });

  it("compares the values of a stream with a list", async () => {
    const { url, last } = await answering('{"n":1}\n{"n":2}\n');
    const api = apiOf(json, true);
    expect(await run(api, exampleOf({ json: 1 }, { json: [{ n: 1 }, { n: 2 }] }), url)).toMatchObject({ ok: true });
    expect(last()?.headers.accept).toBe("application/x-ndjson");
  });

  it("fails for a stream that ended with an error", async () => {
    const problem = { code: "INTERNAL", detail: "the service failed", requestId: "r" };
    const { url } = await answering(`1\n${JSON.stringify({ error: problem })}\n`);
    expect(await run(apiOf(json, true), exampleOf({ json: 1 }, { json: [1] }), url)).toMatchObject({
      ok: false,
      problems: [{ message: "the stream ended with an error after 1 values: the service failed" }],
    });
  });

  it("shows what an error reply says", async () => {
    const { url } = await answering('{"detail":"/df/3/RM: not a number"}', { status: 400 });
    expect(await run(apiOf(json), exampleOf({ json: 1 }, null), url)).toMatchObject({
      ok: false,
      status: 400,
      problems: [{ message: "expected status 200, got 400: /df/3/RM: not a number" }],
    });
  });

  it("is content with any answer when no output is expected", async () => {
    const { url } = await answering("anything");
    expect(await run(apiOf(json), exampleOf({ json: 1 }, null), url)).toMatchObject({ ok: true, largest: null });
  });

  it("tells integers apart that no double can", async () => {
    const { url } = await answering("9007199254740993");
    writeFileSync(join(dir, "out.json"), "9007199254740992");
    expect(await run(apiOf(json), exampleOf({ json: 1 }, { file: "out.json" }), url)).toMatchObject({
      ok: false,
      largest: { difference: 1 },
    });
  });

  it("says which file is missing, and why a server could not be reached", async () => {
    const { url } = await answering("1");
    expect(await run(apiOf(json), exampleOf({ file: "gone.json" }, null), url)).toMatchObject({
      ok: false,
      status: null,
      problems: [{ message: "there is no readable file gone.json" }],
    });
    for (const server of servers.splice(0)) await once(server.close(), "close");
    expect(await run(apiOf(json), exampleOf({ json: 1 }, null), url)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining("ECONNREFUSED") as string }],
    });
  });
});
