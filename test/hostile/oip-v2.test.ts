import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { status } from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { afterAll, beforeAll, expect, it } from "vitest";
import { defineApi, serviceClass, tensor } from "@bento-ts/runtime";
import { grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { root } from "../support/server-process.ts";

const Row = tensor("float32", [null]);
/** How often the models were called. */
const seen = { calls: 0 };

const Peers = serviceClass(
  { name: "peers" },
  class {
    count = defineApi({ input: Row, output: Row }, ({ data }) => {
      seen.calls += 1;
      return { dtype: "float32", shape: [1], data: Float32Array.of(data.length) } as const;
    });
    echo = defineApi({ input: Row, output: Row }, (value) => {
      seen.calls += 1;
      return value;
    });
  },
);

const MIB = 1024 * 1024;
const service = loadSync(`${root}protos/open_inference.proto`, { keepCase: true })[
  "inference.GRPCInferenceService"
] as ServiceDefinition;

let server: ListeningService;
let session: ClientHttp2Session;
beforeAll(async () => {
  // Room for one of the large messages, so that one whose bytes were not given back is noticed.
  server = await listen(Peers, { config: { server: { limits: { queueBytes: "128MiB" } } } });
  session = connect(`http://${server.grpcAddress}`);
});
afterAll(async () => {
  session.destroy();
  await server.close();
});

/** A ModelInferRequest of one FP32 input in raw contents. */
function inferMessage(model: string, raw: Buffer): Buffer {
  const input = { name: "x", datatype: "FP32", shape: [raw.length / 4] };
  const request = { model_name: model, id: "1", inputs: [input], raw_input_contents: [raw] };
  return service["ModelInfer"]?.requestSerialize(request) ?? Buffer.alloc(0);
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function open(): ClientHttp2Stream {
  const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  const path = "/inference.GRPCInferenceService/ModelInfer";
  return session.request({ ...headers, ":path": path }).on("error", () => undefined);
}

/** The status of a call; rejects when its stream closes without one. */
function codeOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    const look = ({ "grpc-status": code }: { readonly "grpc-status"?: unknown }): void => {
      if (code !== undefined) resolve(Number(code));
    };
    stream.on("response", look).on("trailers", look);
    stream.on("close", () => reject(new Error("closed without a status")));
  });
}

const ping = (): Promise<unknown> => new Promise((resolve) => session.ping(resolve));

it("refuses a ModelInfer of 129 MiB with the option that would let it in", async () => {
  const client = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService", {
    "grpc.max_send_message_length": -1,
  });
  try {
    const end = await client.call("ModelInfer", [
      {
        model_name: "count",
        inputs: [{ name: "x", datatype: "FP32", shape: [(129 * MIB) / 4] }],
        raw_input_contents: [Buffer.alloc(129 * MIB)],
      },
    ]);
    expect(end.details).toContain("server.limits.grpc");
    expect(end.code).toBe(status.RESOURCE_EXHAUSTED);
  } finally {
    client.close();
  }
});

it("forgets a ModelInfer of 100 MB that is reset in the middle, and takes the next", async () => {
  const message = framed(inferMessage("count", Buffer.alloc(100 * MIB)));
  const before = seen.calls;
  for (let round = 0; round < 2; round += 1) {
    const cut = open();
    await new Promise((resolve) => cut.write(message.subarray(0, 50 * MIB), resolve));
    cut.close(constants.NGHTTP2_CANCEL);
    await once(cut, "close");
    await ping();
  }
  expect(seen.calls).toBe(before);
  const whole = open().resume();
  whole.end(message);
  expect(await codeOf(whole)).toBe(status.OK);
  expect(seen.calls).toBe(before + 1);
});

it.each([
  ["no message", Buffer.alloc(0)],
  ["half of a prefix", Buffer.alloc(3)],
  ["half of a message", framed(inferMessage("count", Buffer.alloc(8))).subarray(0, 20)],
])("refuses a call that its caller half-closes after %s", async (_what, bytes) => {
  const before = seen.calls;
  const stream = open().resume();
  stream.end(bytes);
  expect(await codeOf(stream)).not.toBe(status.OK);
  expect(seen.calls).toBe(before);
});

it("refuses every beginning of a message, and groups that open without end", async () => {
  const message = inferMessage("count", Buffer.alloc(8));
  const before = seen.calls;
  const damaged = [
    ...Array.from({ length: message.length - 1 }, (_, length) => message.subarray(0, length + 1)),
    // Tag of field 15, wire type 3: the beginning of a group.
    Buffer.alloc(100_000, 0x7b),
  ];
  for (const bytes of damaged) {
    const stream = open().resume();
    stream.end(framed(bytes));
    expect([status.INVALID_ARGUMENT, status.NOT_FOUND]).toContain(await codeOf(stream));
  }
  expect(seen.calls).toBe(before);
});

it("keeps a call open while its caller does not read a large reply, and answers others meanwhile", async () => {
  const slow = open();
  let isOver = false;
  const ended = codeOf(slow).then((code) => {
    isOver = true;
    return code;
  });
  const before = seen.calls;
  slow.end(framed(inferMessage("echo", Buffer.alloc(4 * MIB))));
  await once(slow, "response");
  expect(seen.calls).toBe(before + 1);
  const other = open().resume();
  other.end(framed(inferMessage("count", Buffer.alloc(8))));
  expect(await codeOf(other)).toBe(status.OK);
  expect(isOver).toBe(false);
  let got = 0;
  slow.on("data", (chunk: Buffer) => (got += chunk.length));
  expect(await ended).toBe(status.OK);
  expect(got).toBeGreaterThan(4 * MIB);
});

it("forgets a REST body of 100 MB whose connection is reset in the middle, and takes the next", async () => {
  const { port, hostname } = new URL(server.url);
  const head = { id: "1", inputs: [{ name: "x", datatype: "FP32", shape: [25 * MIB] }] };
  const json = Buffer.from(
    JSON.stringify({ ...head, inputs: [{ ...head.inputs[0], parameters: { binary_data_size: 100 * MIB } }] }),
  );
  const headers = {
    "content-type": "application/octet-stream",
    "inference-header-content-length": json.length,
    "content-length": json.length + 100 * MIB,
  };
  const before = seen.calls;
  const lines = Object.entries({ host: hostname, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  for (let round = 0; round < 2; round += 1) {
    const socket = connectTcp(Number(port), hostname).on("error", () => undefined);
    socket.write(`POST /v2/models/count/infer HTTP/1.1\r\n${lines.join("")}\r\n`);
    socket.write(json);
    await new Promise((resolve) => socket.write(Buffer.alloc(50 * MIB), resolve));
    socket.resetAndDestroy();
    await once(socket, "close");
  }
  expect(seen.calls).toBe(before);
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${server.url}/v2/models/count/infer`, { method: "POST", headers });
      request.on("response", (reply) => resolve(reply.resume().statusCode ?? 0)).on("error", reject);
      request.write(json);
      request.end(Buffer.alloc(100 * MIB));
    });
  // The server may hear of a reset after the next request.
  await expect.poll(ask, { timeout: 20_000, interval: 200 }).toBe(200);
  expect(seen.calls).toBe(before + 1);
});
