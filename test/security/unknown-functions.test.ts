import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { defineApi } from "../../packages/runtime/src/authoring/define-api.ts";
import { serviceClass } from "../../packages/runtime/src/authoring/define-service-class.ts";
import { t } from "../../packages/runtime/src/index.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";

const types = { input: t.Object({ n: t.Number() }), output: t.Number() };
const Mixed = serviceClass(
  { name: "mixed" },
  class {
    open = defineApi({ ...types, authorize: "public" }, async ({ n }) => n);
    closed = defineApi(types, async ({ n }) => n);
  },
);
const { id, sha256, text: apiKey } = createKey("bento");
let dir: string;
let service: ListeningService;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "bento-unknown-"));
  const line = { id, sha256, owner: "ci", groups: [], scopes: [], notBeforeMs: undefined, expiresMs: undefined };
  writeFileSync(join(dir, "keys"), `${toKeyLine({ ...line, functions: undefined })}\n`);
  const env = { BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"), BENTO_SECURITY_AUTHOR_OVERRIDABLE: '["public"]' };
  service = await listen(Mixed, { env });
});
afterAll(async () => {
  await service.close();
  rmSync(dir, { recursive: true });
});

const post = async (path: string, key?: string): Promise<number> => {
  const headers = { "content-type": "application/json", ...(key === undefined ? {} : { "x-api-key": key }) };
  const reply = await fetch(service.url + path, { method: "POST", headers, body: '{"n":1}' });
  await reply.arrayBuffer();
  return reply.status;
};

describe("a server with one function that is open to everybody", () => {
  it.each([
    ["/unknown", 404],
    ["/v2/models/unknown/infer", 404],
    ["/v2/models/closed/versions/7/infer", 404],
    ["/v1/models/unknown:predict", 404],
    ["/v1/models/closed:explain", 501],
    ["/aggregate", 400],
  ])("asks who calls before it tells that %s is not there", async (path, known) => {
    expect([await post(path), await post(path, apiKey)]).toEqual([401, known]);
  });

  it("does the same where the message says what is called", async () => {
    const client = grpcClient(service.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
    const code = async (name: string, metadata: Record<string, string>): Promise<number> =>
      (await client.call("ModelInfer", [{ model_name: name }], { metadata })).code;
    expect(await code("unknown", {})).toBe(status.UNAUTHENTICATED);
    expect(await code("closed", {})).toBe(status.UNAUTHENTICATED);
    expect(await code("unknown", { "x-api-key": apiKey })).toBe(status.NOT_FOUND);
    expect(await code("open", {})).toBe(status.INVALID_ARGUMENT);
    client.close();
  });

  it("serves the open one", async () => {
    expect([await post("/open"), await post("/closed"), await post("/closed", apiKey)]).toEqual([200, 401, 200]);
  });
});
