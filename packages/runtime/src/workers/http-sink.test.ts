import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpSink, type HttpSink } from "./http-sink.ts";
import { PATIENT, SLOW } from "./testing/harness.ts";

const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

describe("createHttpSink", SLOW, () => {
  let port: Server;
  let http: HttpServer;
  let sink: HttpSink;
  let release: () => void;
  let isDraining: boolean;
  const clients: Socket[] = [];

  beforeEach(async () => {
    isDraining = false;
    const held: (() => void)[] = [];
    release = () => {
      for (const end of held) end();
    };
    http = createHttpServer(
      { connectionsCheckingInterval: 20, headersTimeout: 10_000, requestTimeout: 10_000 },
      (request, response) => {
        if (isDraining) response.setHeader("connection", "close");
        if (request.url === "/held") held.push(() => response.end("held"));
        else response.end("answer");
      },
    );
    sink = createHttpSink(http);
    port = createServer({ allowHalfOpen: true }, (socket) => sink.accept(socket));
    await new Promise<void>((resolve) => port.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    port.close();
  });

  /** Opens a connection, sends, and resolves with the first answer; `closed` resolves with all that came. */
  async function send(text: string): Promise<{ readonly first: string; readonly closed: Promise<string> }> {
    const client = connect((port.address() as AddressInfo).port, "127.0.0.1", () => client.write(text));
    clients.push(client);
    let all = "";
    const closed = new Promise<string>((resolve) => client.once("close", () => resolve(all)));
    client.on("error", () => undefined);
    const first = new Promise<string>((resolve) => {
      client.on("data", (chunk) => {
        all += String(chunk);
        resolve(all);
      });
      client.once("close", () => resolve(all));
    });
    return text === "" || text.includes("/held") ? { first: "", closed } : { first: await first, closed };
  }

  it("answers on connections that came from elsewhere", async () => {
    expect((await send(REQUEST)).first).toMatch(/^HTTP\/1.1 200 OK[^]*answer$/);
    expect(sink.open()).toBe(1);
  });

  it("keeps the server's time limits for slow callers", async () => {
    http.headersTimeout = 100;
    const { closed } = await send("GET /held HTTP/1.1\r\nhost: a\r\nx-slow");
    expect(await closed).toMatch(/^HTTP\/1.1 408 /);
    expect(sink.open()).toBe(0);
  });

  it("closes idle and unused connections when it drains, and waits for busy ones", async () => {
    const idle = await send(REQUEST);
    const unused = await send("");
    const busy = await send("GET /held HTTP/1.1\r\nhost: a\r\n\r\n");
    await expect.poll(() => sink.open(), PATIENT).toBe(3);
    isDraining = true;
    let isDrained = false;
    const drained = sink.drain().then(() => {
      isDrained = true;
    });
    expect(await idle.closed).toContain("answer");
    expect(await unused.closed).toBe("");
    expect(isDrained).toBe(false);
    release();
    await drained;
    expect(await busy.closed).toContain("held");
    expect(sink.open()).toBe(0);
  });

  it("is drained at once without connections", async () => {
    await sink.drain();
    expect(sink.open()).toBe(0);
  });
});
