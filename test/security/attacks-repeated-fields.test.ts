import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { callFields, field, FLAG, frame, FRAME, openHttp2, type RawHttp2 } from "../hostile/raw-http2.ts";
import { sendRaw } from "../hostile/raw-http.ts";
import { type AttackedServer, type AuditLine, startAttacked } from "./attacked-server.ts";

// Credentials that two readers could see differently, on both transports: security.md A1.4, A2. The server would serve callers without any.
let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked(() => ({
    BENTO_SECURITY_ALLOW_ANONYMOUS: "true",
    BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: "{}",
  }));
});
afterAll(() => server.close());

let line: RawHttp2 | undefined;
let written = "";
const stderr = vi.spyOn(console, "error").mockImplementation((...words) => void (written += words.join(" ")));
afterEach(() => line?.destroy());
afterAll(() => stderr.mockRestore());

type Fields = readonly (readonly [name: string, value: string])[];
let calls = 0;

/** Calls with these fields as they are, and gives what the audit file says of it. */
async function overGrpc(fields: Fields): Promise<AuditLine | undefined> {
  const id = `raw-${(calls += 1)}`;
  line = await openHttp2(server.grpcPort);
  const block = [
    callFields("/seldon.protos.Model/Predict"),
    ...[["x-request-id", id] as const, ...fields].map((pair) => field(...pair)),
  ];
  // A message of no bytes: an empty SeldonMessage.
  line.send(
    frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Buffer.concat(block)),
    frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.alloc(5)),
  );
  await line.next(({ type, stream, flags }) => type === FRAME.HEADERS && stream === 1 && (flags & FLAG.END_STREAM) > 0);
  return server.auditLines().find(({ requestId }) => requestId === id);
}

async function overHttp(fields: Fields): Promise<AuditLine | undefined> {
  const id = `raw-${(calls += 1)}`;
  const lines = [["x-request-id", id] as const, ...fields].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `POST /double HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 7\r\n${lines}connection: close\r\n\r\n`;
  await sendRaw([Buffer.from(head, "latin1"), "[[1,2]]"], { port: server.port });
  return server.auditLines().find(({ requestId }) => requestId === id);
}

describe.each([
  ["REST", overHttp],
  ["gRPC", overGrpc],
])("over %s", (transport, call) => {
  const good = (): string => `Bearer ${server.token()}`;

  it("a caller without a credential and one with a good token are let in", async () => {
    expect(await call([])).toMatchObject({
      principal: "anonymous",
      reason: transport === "REST" ? null : expect.anything(),
    });
    expect(await call([["authorization", good()]])).toMatchObject({ principal: "ada" });
  });

  it.each<[string, (good: string) => Fields]>([
    [
      "the same token twice",
      (token) => [
        ["authorization", token],
        ["authorization", token],
      ],
    ],
    [
      "a good token before a bad one",
      (token) => [
        ["authorization", token],
        ["authorization", "Bearer e30.e30.AA"],
      ],
    ],
    [
      "a bad token before a good one",
      (token) => [
        ["authorization", "Bearer e30.e30.AA"],
        ["authorization", token],
      ],
    ],
    [
      "a good token before nothing",
      (token) => [
        ["authorization", token],
        ["authorization", ""],
      ],
    ],
    [
      "a good token before another scheme",
      (token) => [
        ["authorization", token],
        ["authorization", "Basic YTpi"],
      ],
    ],
    ["two tokens in one field", (token) => [["authorization", `${token}, ${token}`]]],
    ["a token behind a tab", (token) => [["authorization", token.replace(" ", "\t")]]],
    ["a token and bytes that are no text", (token) => [["authorization", `${token}\u00e9`]]],
    ["a field of bytes that are no text", () => [["authorization", "Bearer \u00ff\u00fe-SECRET"]]],
    ["an empty field", () => [["authorization", ""]]],
  ])("%s is refused and never falls through to anonymous", async (_name, fields) => {
    expect(await call(fields(good()))).toMatchObject({ decision: "deny", principal: null, status: 401 });
  });
});

it("no credential is written anywhere", () => {
  expect(written).toBe("");
  expect(server.logText() + server.auditText()).not.toContain("SECRET");
});

it("connections that are only opened change nothing", async () => {
  const socket = connect(server.grpcPort, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.destroy();
  expect(await overGrpc([["authorization", `Bearer ${server.token()}`]])).toMatchObject({ principal: "ada" });
});
