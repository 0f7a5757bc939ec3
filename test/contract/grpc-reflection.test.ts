import { readFileSync } from "node:fs";
import { status } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer, type PackageDefinition } from "@grpc/proto-loader";
import protobuf from "protobufjs/minimal.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, service, t } from "@bento-ts/runtime";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { root } from "../support/server-process.ts";

@service({ name: "echo" })
class Echo {
  @api({ input: t.String(), output: t.String() })
  say(text: string): string {
    return text;
  }
}

interface Answer {
  readonly valid_host: string;
  readonly original_request: object;
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly error_response?: { readonly error_code: number; readonly error_message: string };
}

/** What another implementation makes of descriptors. */
function loadDefinition(files: readonly Buffer[]): PackageDefinition {
  // The set of protoc's --descriptor_set_out: files in field 1.
  const set = protobuf.Writer.create();
  for (const file of files) set.uint32(10).bytes(file);
  return loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()));
}

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  let server: ListeningService;
  let client: GrpcTestClient;
  const ask = async (...questions: readonly object[]): Promise<readonly Answer[]> => {
    const end = await client.call<Answer>("ServerReflectionInfo", questions);
    expect(end).toMatchObject({ code: status.OK });
    return end.messages;
  };

  beforeAll(async () => {
    server = await listen(Echo);
    const name = `grpc.reflection.${version}.ServerReflection`;
    client = grpcClient(server.grpcAddress, `grpc/reflection/${version}/reflection.proto`, name);
  });
  afterAll(async () => {
    client.close();
    await server.close();
  });

  it("lists the services", async () => {
    const [answer] = await ask({ list_services: "*", host: "example.com" });
    const names = answer?.list_services_response?.service.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["grpc.health.v1.Health", `grpc.reflection.${version}.ServerReflection`]),
    );
    expect(answer).toMatchObject({
      valid_host: "example.com",
      original_request: { list_services: "*", host: "example.com" },
    });
  });

  it("describes every service that it lists", async () => {
    const [list] = await ask({ list_services: "" });
    const names = list?.list_services_response?.service.map(({ name }) => name) ?? [];
    const answers = await ask(...names.map((name) => ({ file_containing_symbol: name })));
    for (const [at, answer] of answers.entries()) {
      const name = names[at] ?? "";
      const definition = loadDefinition(answer.file_descriptor_response?.file_descriptor_proto ?? []);
      expect([name, Object.keys(definition)]).toEqual([name, expect.arrayContaining([name])]);
    }
  });

  it.each([
    { file_containing_symbol: "grpc.health.v1.Health" },
    { file_containing_symbol: "grpc.health.v1.Health.Check" },
    { file_containing_symbol: "grpc.health.v1.HealthCheckResponse.ServingStatus" },
    { file_by_filename: "grpc/health/v1/health.proto" },
  ])("gives the file of %o, from which a client can be made", async (question) => {
    const [answer] = await ask(question);
    const definition = loadDefinition(answer?.file_descriptor_response?.file_descriptor_proto ?? []);
    expect(definition["grpc.health.v1.Health"]).toMatchObject({
      Check: { path: "/grpc.health.v1.Health/Check", requestStream: false, responseStream: false },
      Watch: { path: "/grpc.health.v1.Health/Watch", requestStream: false, responseStream: true },
    });
  });

  it("answers question after question, and what it does not have with NOT_FOUND", async () => {
    const answers = await ask(
      { file_containing_symbol: "nobody.Nothing" },
      { file_by_filename: "nobody.proto" },
      { file_containing_extension: { containing_type: "grpc.health.v1.HealthCheckRequest", extension_number: 1 } },
      { all_extension_numbers_of_type: "grpc.health.v1.HealthCheckRequest" },
      {},
    );
    expect(answers.map(({ error_response: error }) => error)).toEqual([
      { error_code: status.NOT_FOUND, error_message: 'this server has no symbol "nobody.Nothing"' },
      { error_code: status.NOT_FOUND, error_message: 'this server has no file "nobody.proto"' },
      {
        error_code: status.NOT_FOUND,
        error_message: 'this server has no extension of "grpc.health.v1.HealthCheckRequest"',
      },
      {
        error_code: status.NOT_FOUND,
        error_message: 'this server has no extension of "grpc.health.v1.HealthCheckRequest"',
      },
      { error_code: status.INVALID_ARGUMENT, error_message: "the request asks nothing" },
    ]);
  });

  it("leaves no stream open that holds a drain back", async () => {
    const other = await listen(Echo);
    const own = grpcClient(
      other.grpcAddress,
      `grpc/reflection/${version}/reflection.proto`,
      `grpc.reflection.${version}.ServerReflection`,
    );
    const drained = Promise.withResolvers<void>();
    const end = own.call("ServerReflectionInfo", [{ list_services: "" }], {
      keepOpen: true,
      onMessage: () => drained.resolve(other.drainGrpc()),
    });
    expect(await end).toMatchObject({ code: status.UNAVAILABLE, details: "the server shuts down" });
    await drained.promise;
    own.close();
    await other.close();
  });
});

it("describes the protocols' files as protoc does", async () => {
  const { createDescriptorPool } = await import("../../packages/runtime/src/protocols/reflection/descriptor-pool.ts");
  const read = async (name: string): Promise<string> => readFileSync(`${root}test/protos/${name}`, "utf8");
  const pool = await createDescriptorPool(["shop/v1/order.proto"], read);
  const { default: descriptor } = await import("protobufjs/ext/descriptor/index.js");
  const expected = descriptor.FileDescriptorSet.decode(readFileSync(`${root}test/protos/shop.pb`)) as unknown as {
    readonly file: readonly { readonly name: string; options: unknown }[];
  };
  const files = pool.symbol("shop.v1.Order.Line.Kind") ?? [];
  // The file that was meant stands first, then what it imports.
  expect(files).toHaveLength(4);
  const decoded = files.map((file) => descriptor.FileDescriptorProto.decode(file).toJSON());
  expect(decoded.map(({ name }) => name as string)).toEqual([
    "shop/v1/order.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/struct.proto",
    "shop/v1/item.proto",
  ]);
  for (const file of decoded) {
    const theirs = expected.file.find(({ name }) => name === file["name"]);
    // Options of code generators.
    const { options: _, ...plain } = JSON.parse(JSON.stringify(theirs)) as { readonly options?: unknown };
    expect(file).toEqual(plain);
  }
});
