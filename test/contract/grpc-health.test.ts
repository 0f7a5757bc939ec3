import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { connect, constants } from "node:http2";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { api, service, t } from "@bento-ts/runtime";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";

@service({ name: "echo" })
class Echo {
  @api({ input: t.String(), output: t.String() })
  say(text: string): string {
    return text;
  }
}

const READY = { phase: "serving", ready: true, workers: [] } as const;
const UNREADY = { phase: "serving", ready: false, workers: [] } as const;

interface Reply {
  readonly status: string | number;
}

/** What reflection lists. */
interface Listed {
  readonly list_services_response: { readonly service: readonly { readonly name: string }[] };
}

const open: { readonly server: ListeningService; readonly client: GrpcTestClient }[] = [];

async function start(): Promise<{ readonly server: ListeningService; readonly client: GrpcTestClient }> {
  const server = await listen(Echo);
  const client = grpcClient(server.grpcAddress, "grpc/health/v1/health.proto", "grpc.health.v1.Health");
  open.push({ server, client });
  return { server, client };
}

afterEach(async () => {
  for (const { server, client } of open.splice(0)) {
    client.close();
    await server.close();
  }
});

/** Numbers of ServingStatus. */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

it("tells of the server and of every registered service", async () => {
  const { client, server } = await start();
  const reflection = grpcClient(
    server.grpcAddress,
    "grpc/reflection/v1/reflection.proto",
    "grpc.reflection.v1.ServerReflection",
  );
  const { messages } = await reflection.call<Listed>("ServerReflectionInfo", [{ list_services: "" }]);
  reflection.close();
  const names = messages[0]?.list_services_response.service.map(({ name }) => name) ?? [];
  expect(names).toEqual(
    expect.arrayContaining(["bento.echo.v1.Echo", "grpc.health.v1.Health", "inference.GRPCInferenceService"]),
  );
  for (const name of ["", ...names]) {
    const end = await client.call<Reply>("Check", [{ service: name }]);
    expect([name, end.code, end.messages]).toEqual([name, status.OK, [{ status: SERVING }]]);
  }
  server.state.set(UNREADY);
  expect((await client.call<Reply>("Check", [{}])).messages).toEqual([{ status: NOT_SERVING }]);
});

it("knows no service that is not registered", async () => {
  const { client } = await start();
  expect(await client.call("Check", [{ service: "echo.Echo" }])).toMatchObject({
    code: status.NOT_FOUND,
    details: 'this server has no service "echo.Echo"',
    messages: [],
  });
});

it("shows a watcher the status at once and each change, nothing twice", async () => {
  const { client, server } = await start();
  const seen: unknown[] = [];
  const gone = new AbortController();
  const moves = [
    () => server.state.set(READY),
    () => server.state.set(UNREADY),
    () => server.state.set(READY),
    () => gone.abort(),
  ];
  const end = await client.call("Watch", [{}], {
    signal: gone.signal,
    onMessage: (message) => {
      seen.push(message);
      // The first move changes nothing: the next message is for the second.
      if (seen.length === 1) moves.shift()?.();
      moves.shift()?.();
    },
  });
  expect(end.code).toBe(status.CANCELLED);
  expect(seen).toEqual([{ status: SERVING }, { status: NOT_SERVING }, { status: SERVING }]);
});

it("tells a watcher of an unknown service that it is unknown, and goes on", async () => {
  const { client } = await start();
  const gone = new AbortController();
  const end = await client.call("Watch", [{ service: "nobody" }], {
    signal: gone.signal,
    onMessage: () => gone.abort(),
  });
  expect(end).toMatchObject({ code: status.CANCELLED, messages: [{ status: SERVICE_UNKNOWN }] });
});

it("holds no drain back: watchers see NOT_SERVING and then the end", async () => {
  const { client, server } = await start();
  const seen: unknown[] = [];
  const ended = client.call("Watch", [{}], {
    onMessage: (message) => {
      seen.push(message);
      if (seen.length === 1) server.state.set({ ...UNREADY, phase: "draining" });
      else void drained.resolve(server.drainGrpc());
    },
  });
  const drained = Promise.withResolvers<void>();
  expect(await ended).toMatchObject({ code: status.UNAVAILABLE, details: "the server shuts down" });
  expect(seen).toEqual([{ status: SERVING }, { status: NOT_SERVING }]);
  await drained.promise;
});

it("holds no drain back for a question that never comes", async () => {
  const { server } = await start();
  const session = connect(`http://${server.grpcAddress}`);
  // A ping before that is cancelled at once, and the questions would be asked of a server that drains already.
  await once(session, "connect");
  const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  const ends = ["Check", "Watch"].map((method) => {
    const stream = session.request({ ...headers, ":path": `/grpc.health.v1.Health/${method}` });
    stream.on("error", () => undefined).resume();
    return new Promise((resolve) => {
      const end = ({ "grpc-status": code }: IncomingHttpHeaders): void => {
        if (code === undefined) return;
        // As clients do once they know how a call ended.
        stream.close(constants.NGHTTP2_CANCEL);
        resolve(code);
      };
      stream.once("response", end).once("trailers", end);
    });
  });
  // An answer to a ping means that the server has read what was sent before it.
  expect(await new Promise((resolve) => session.ping(resolve))).toBe(null);
  await server.drainGrpc();
  expect(await Promise.all(ends)).toEqual([String(status.UNAVAILABLE), String(status.UNAVAILABLE)]);
});

it("refuses two questions in one call, and none", async () => {
  const { client } = await start();
  const two = await client.call("Watch", [{}, {}]);
  expect(two).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining("a second one came") });
  const none = await client.call("Check", []);
  expect(none).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining("ended without") });
});
