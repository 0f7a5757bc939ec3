import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  type Deadline,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { root } from "./server-process.ts";

/** How a call ended, with everything that came of it. */
export interface GrpcEnd<T> {
  /** Status code; 0 is OK. */
  readonly code: number;
  readonly details: string;
  /** The messages that came before the end. */
  readonly messages: readonly T[];
  readonly metadata: Metadata;
  readonly trailers: Metadata;
}

/** What a call is given beside its messages. */
export interface GrpcCallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadline?: Deadline;
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal;
  /** Leaves the caller's half of the call open behind its messages. */
  readonly keepOpen?: boolean;
  /** Told of each message as it comes. */
  readonly onMessage?: (message: never) => void;
}

/** A client that knows a service by its `.proto` alone, as those of other languages do. */
export interface GrpcTestClient {
  /** Sends these messages and the end of them, and waits for the end of the answers. Never rejects. */
  call<T = Record<string, unknown>>(
    method: string,
    messages: readonly object[],
    options?: GrpcCallOptions,
  ): Promise<GrpcEnd<T>>;
  /** Sends bytes of its own in place of a message of the method. */
  callBytes(method: string, message: Uint8Array, options?: GrpcCallOptions): Promise<GrpcEnd<object>>;
  close(): void;
}

/**
 * Makes a client of one service (`package.Service`) from a `.proto` file: one of `protos/`, or any by its absolute path.
 *
 * Messages are plain objects with the field names of the file; int64 are texts, bytes are Buffers, absent fields stay absent.
 */
export function grpcClient(
  address: string,
  file: string,
  service: string,
  options: ChannelOptions = {},
  security: ChannelCredentials = credentials.createInsecure(),
): GrpcTestClient {
  const definition = loadSync(file, {
    includeDirs: [`${root}protos`],
    keepCase: true,
    longs: String,
    oneofs: true,
    arrays: true,
  });
  const methods = definition[service] as ServiceDefinition | undefined;
  if (methods === undefined) throw new Error(`${file} has no service ${service}`);
  // Checks that grpc-js itself takes the definition.
  loadPackageDefinition(definition);
  const client = new Client(address, security, {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    ...options,
  });
  const methodOf = (name: string): MethodDefinition<object, object> => {
    const method = methods[name];
    if (method === undefined) throw new Error(`${service} has no method ${name}`);
    return method;
  };
  return {
    call: (name, messages, callOptions = {}) => callMethod(client, methodOf(name), messages, callOptions),
    callBytes: (name, message, callOptions = {}) => {
      const method = { ...methodOf(name), requestSerialize: () => Buffer.from(message) };
      return callMethod(client, method, [{}], callOptions);
    },
    close: () => client.close(),
  };
}

function callMethod<T>(
  client: Client,
  method: MethodDefinition<object, object>,
  messages: readonly object[],
  { metadata = {}, deadline, signal, keepOpen = false, onMessage }: GrpcCallOptions,
): Promise<GrpcEnd<T>> {
  const sent = new Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  // A stream both ways on the wire looks like any other call, and tells status and messages apart.
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    sent,
    deadline === undefined ? {} : { deadline },
  );
  const got: T[] = [];
  let initial = new Metadata();
  signal?.addEventListener("abort", () => stream.cancel());
  return new Promise((resolve) => {
    stream.on("metadata", (received: Metadata) => (initial = received));
    stream.on("data", (message: T) => {
      got.push(message);
      onMessage?.(message as never);
    });
    stream.on("error", (_: ServiceError) => undefined);
    stream.on("status", ({ code, details, metadata: trailers }: StatusObject) =>
      resolve({ code, details, messages: got, metadata: initial, trailers }),
    );
    for (const message of messages) stream.write(message);
    if (!keepOpen) stream.end();
  });
}
