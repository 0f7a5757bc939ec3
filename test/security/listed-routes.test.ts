import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, status, type StatusObject } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import type { FastifyInstance } from "fastify";
import protobuf from "protobufjs/minimal.js";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { defineApi } from "../../packages/runtime/src/authoring/define-api.ts";
import { serviceClass } from "../../packages/runtime/src/authoring/define-service-class.ts";
import { registeredService } from "../../packages/runtime/src/authoring/registered-service.ts";
import { loadConfig } from "../../packages/runtime/src/config/index.ts";
import { t } from "../../packages/runtime/src/index.ts";
import { examineServer } from "../../packages/runtime/src/server/security/doctor/examine-server.ts";
import type { ListedAccess } from "../../packages/runtime/src/server/security/list-routes.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";

const types = { input: t.Object({ n: t.Number() }), output: t.Number() };
/** The default function has rules, another is open by its author's wish, the third has neither. */
const Mixed = serviceClass(
  { name: "mixed" },
  class {
    team = defineApi({ ...types, default: true, authorize: { allow: [{ groups: ["ml"] }] } }, async ({ n }) => n);
    open = defineApi({ ...types, authorize: "public" }, async ({ n }) => n);
    branch = defineApi({ input: types.input, role: "route" }, async ({ n }) => n);
  },
);
const Single = serviceClass(
  { name: "single" },
  class {
    predict = defineApi({ ...types, authorize: "public" }, async ({ n }) => n);
  },
);

const dir = mkdtempSync(join(tmpdir(), "bento-listed-"));
const { id, sha256, text: apiKey } = createKey("bento");
const line = { id, sha256, owner: "ci", groups: [], scopes: [], notBeforeMs: undefined, expiresMs: undefined };
writeFileSync(join(dir, "keys"), `${toKeyLine({ ...line, functions: undefined })}\n`);
afterAll(() => rmSync(dir, { recursive: true }));

const KEYS = { BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys") };
const AUTHORS = { BENTO_SECURITY_AUTHOR_OVERRIDABLE: '["public"]' };
const CASES = [
  ["with keys", Mixed, KEYS],
  ["with keys, authors opening functions", Mixed, { ...KEYS, ...AUTHORS }],
  ["whose every function is open", Single, { ...KEYS, ...AUTHORS, BENTO_SECURITY_DEFAULT_AUTHORIZATION: "deny" }],
  ["that denies by default", Single, { ...KEYS, BENTO_SECURITY_DEFAULT_AUTHORIZATION: "deny" }],
  ["that KServe runs", Mixed, { ...KEYS, MLSERVER_MODEL_NAME: "m" }],
  [
    "that shows what there is",
    Mixed,
    { ...KEYS, MLSERVER_MODEL_NAME: "m", BENTO_SECURITY_PUBLIC: '["docs","metrics","metadata","reflection"]' },
  ],
  ["that nobody has secured", Mixed, {}],
  ["for anonymous callers beside others", Mixed, { ...KEYS, BENTO_SECURITY_ALLOW_ANONYMOUS: "true" }],
  ["of Seldon alone", Single, { ...KEYS, BENTO_SERVER_PROTOCOLS_SELDON: "only", BENTO_SERVER_PROTOCOLS_V2: "false" }],
  ["under a base path", Mixed, { ...KEYS, BENTO_SERVER_BASE_PATH: "/models" }],
] as const;

interface Running {
  readonly service: ListeningService;
  readonly access: ListedAccess;
  readonly basePath: string;
  /** What fastify itself was told to route: `GET /path`. */
  readonly bound: ReadonlySet<string>;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(
  serviceClassOf: typeof Mixed | typeof Single,
  env: Readonly<Record<string, string>>,
): Promise<Running> {
  const bound = new Set<string>();
  const watch = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) if (one !== "HEAD") bound.add(`${one} ${url}`);
    });
  };
  subscribe("fastify.initialization", watch);
  closers.push(() => unsubscribe("fastify.initialization", watch));
  const service = await listen(serviceClassOf, { env });
  closers.push(() => service.close());
  const { config } = await loadConfig({ env });
  const definition = registeredService(serviceClassOf)?.definition;
  if (definition === undefined) throw new Error("the class is no service");
  const { access } = await examineServer({ config, definition }, Date.now());
  if (access === undefined) throw new Error("the configuration is refused");
  return { service, access, basePath: config.server.basePath, bound };
}

/** Where a message says what is called: the name of a model in its first field; elsewhere none is needed to be asked for a credential. */
function messageOf(path: string, model: string): Buffer | undefined {
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
  if (path.endsWith("/ModelInfer")) return field(Buffer.from(model));
  if (path.endsWith("PredictionService/Predict")) return field(field(Buffer.from(model)));
  return path.endsWith("/Watch") ? Buffer.alloc(0) : undefined;
}

/** How a call ends that brings no credential. */
function grpcCode(address: string, path: string, model: string): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  return new Promise((resolve) => {
    const pass = (bytes: Buffer): Buffer => bytes;
    const call = client.makeBidiStreamRequest(path, pass, pass, new Metadata(), { deadline: Date.now() + 20_000 });
    const end = (code: number): void => {
      client.close();
      resolve(code);
    };
    // A stream that does not end by itself has answered by its first message.
    call.on("data", () => (call.cancel(), end(status.OK)));
    call.on("error", () => undefined).on("status", ({ code }: StatusObject) => end(code));
    const message = messageOf(path, model);
    if (message !== undefined) call.write(message);
    call.end();
  });
}

async function restStatus(url: string, method: string): Promise<number> {
  const headers = method === "POST" ? { "content-type": "application/json" } : {};
  const reply = await fetch(url, { method, headers, redirect: "manual" });
  await reply.arrayBuffer();
  return reply.status;
}

const REFUSALS: readonly number[] = [401, 403, status.UNAUTHENTICATED, status.PERMISSION_DENIED];

describe.each(CASES)("the listed routes of a server %s", (_, serviceClassOf, env) => {
  it("ask for credentials where the list says so, and nowhere else", async () => {
    const { service, access, basePath } = await start(serviceClassOf, env);
    const model = access.functions[0]?.name ?? "";
    const asked: string[] = [];
    const expected: string[] = [];
    for (const route of access.routes) {
      if (route.transport === "admin") continue;
      const isRest = route.transport === "REST";
      const url = service.url + (basePath === "/" ? "" : basePath) + route.sample;
      const answer = isRest
        ? await restStatus(url, route.method)
        : await grpcCode(service.grpcAddress, route.path, model);
      const name = `${route.transport} ${route.method} ${route.path}`;
      asked.push(`${name} ${REFUSALS.includes(answer) ? "refused" : "answered"}`);
      expected.push(`${name} ${route.policy === "public" ? "answered" : "refused"}`);
    }
    expect(asked).toEqual(expected);
    expect(asked.length).toBeGreaterThan(10);
  });

  it("are all that it binds", async () => {
    const { service, access, bound } = await start(serviceClassOf, env);
    const rest = access.routes.filter(({ transport }) => transport === "REST");
    expect(new Set(rest.map(({ method, path }) => `${method} ${path}`))).toEqual(bound);
    const grpc = access.routes.filter(({ transport }) => transport === "gRPC");
    expect(grpc.map(({ path }) => path).sort()).toEqual([...(await reflected(service))].sort());
  });
});

/** Every method of every service that the server tells of, by the descriptors that it gives to clients. */
async function reflected({ grpcAddress }: ListeningService): Promise<ReadonlySet<string>> {
  const name = "grpc.reflection.v1.ServerReflection";
  const client = grpcClient(grpcAddress, "grpc/reflection/v1/reflection.proto", name);
  closers.push(() => client.close());
  interface Answer {
    readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
    readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  }
  const ask = async (questions: readonly object[]): Promise<readonly Answer[]> =>
    (await client.call<Answer>("ServerReflectionInfo", questions, { metadata: { "x-api-key": apiKey } })).messages;
  const [list] = await ask([{ list_services: "" }]);
  const names = list?.list_services_response?.service.map((one) => one.name) ?? [];
  const answers = await ask(names.map((one) => ({ file_containing_symbol: one })));
  const methods = new Set<string>();
  for (const [at, answer] of answers.entries()) {
    const set = protobuf.Writer.create();
    for (const file of answer.file_descriptor_response?.file_descriptor_proto ?? []) set.uint32(10).bytes(file);
    const definition = loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()))[names[at] ?? ""] ?? {};
    for (const method of Object.values(definition as Readonly<Record<string, { readonly path: string }>>))
      methods.add(method.path);
  }
  return methods;
}
