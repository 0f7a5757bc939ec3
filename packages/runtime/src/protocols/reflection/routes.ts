import type { GrpcTalkRoute } from "../../call/types.ts";
import { quote } from "../../describe-value.ts";
import { encodeAnswer, readQuestion, type ReflectionAnswer, type ReflectionQuestion } from "./codec.ts";
import type { DescriptorPool } from "./descriptor-pool.ts";

/** `package.Service` of both versions of the reflection protocol, which differ by that alone. */
export const REFLECTION_SERVICES: readonly string[] = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

/** What reflection tells of. */
export interface ReflectionHost {
  /** Full names of all services. */
  readonly services: readonly string[];
  /** Their descriptors; read when a client first asks. */
  descriptors(): Promise<DescriptorPool>;
}

/** The routes of gRPC's server reflection, both versions. Source: gRPC, "GRPC Server Reflection Protocol"; protocols.md section 16. */
export function reflectionRoutes(host: ReflectionHost): readonly GrpcTalkRoute[] {
  return REFLECTION_SERVICES.map((service) => ({
    id: "reflection",
    protocol: "reflection",
    service,
    method: "ServerReflectionInfo",
    isPublic: false,
    converse: (messages) => answerAll(messages, host),
  }));
}

async function* answerAll(messages: AsyncIterable<Buffer>, host: ReflectionHost): AsyncGenerator<Uint8Array> {
  for await (const message of messages) {
    const { host: virtualHost, question } = readQuestion(message);
    yield encodeAnswer(await answerOne(question, host), message, virtualHost);
  }
}

async function answerOne(question: ReflectionQuestion, host: ReflectionHost): Promise<ReflectionAnswer> {
  switch (question.kind) {
    case "services":
      return { kind: "services", names: host.services };
    case "file":
      return filesOrError((await host.descriptors()).file(question.name), `file ${quote(question.name)}`);
    case "symbol":
      return filesOrError((await host.descriptors()).symbol(question.name), `symbol ${quote(question.name)}`);
    case "extension":
    case "extensionNumbers":
      // No message of ours can be extended.
      return notFound(`extension of ${quote(question.name)}`);
    case "none":
      return { kind: "error", status: INVALID_ARGUMENT, message: "the request asks nothing" };
  }
}

function filesOrError(files: readonly Uint8Array[] | undefined, what: string): ReflectionAnswer {
  return files === undefined ? notFound(what) : { kind: "files", files };
}

/** Status codes of the gRPC specification. */
const NOT_FOUND = 5;
const INVALID_ARGUMENT = 3;

function notFound(what: string): ReflectionAnswer {
  return { kind: "error", status: NOT_FOUND, message: `this server has no ${what}` };
}
