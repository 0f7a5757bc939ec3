import { writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { sendRaw, toWire } from "../hostile/raw-http.ts";
import { type AttackedServer, everywhere, startAttacked, tryEverywhere } from "./attacked-server.ts";

// A server that serves callers without credentials: bad ones must not pass for none. security.md A1.4; attacks that are not on the list of part B.
const key = createKey("bento");
let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked(({ dir }) => {
    const line = {
      id: key.id,
      sha256: key.sha256,
      owner: "r",
      groups: [],
      scopes: [],
      notBeforeMs: undefined,
      expiresMs: undefined,
    };
    writeFileSync(join(dir, "keys"), `${toKeyLine({ ...line, functions: undefined })}\n`);
    return {
      BENTO_SECURITY_ALLOW_ANONYMOUS: "true",
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify({
        "*": { deny: [{ principals: ["banned", `apikey:${key.id}`] }] },
      }),
    };
  });
});
afterAll(() => server.close());

describe("a server that is open to callers without credentials", () => {
  it("serves them, and callers with good ones", async () => {
    expect(await tryEverywhere(server, {})).toEqual(everywhere(server, "served"));
    expect(await tryEverywhere(server, { authorization: `Bearer ${server.token()}` })).toEqual(
      everywhere(server, "served"),
    );
  });

  it.each<[string, () => Readonly<Record<string, string>>]>([
    ["an expired token", () => ({ authorization: `Bearer ${server.token({ exp: 1 })}` })],
    ["a token for others", () => ({ authorization: `Bearer ${server.token({ aud: "other" })}` })],
    [
      "a token of an unknown issuer",
      () => ({ authorization: `Bearer ${server.token({ iss: "https://evil.example" })}` }),
    ],
    ["half a token", () => ({ authorization: `Bearer ${server.token().slice(0, 40)}` })],
    ["a scheme alone", () => ({ authorization: "Bearer" })],
    ["an empty field", () => ({ authorization: "" })],
    ["a scheme that is not taken here", () => ({ authorization: "Basic YTpi" })],
    ["a wrong key", () => ({ "x-api-key": `bento_${key.id}_${"0".repeat(43)}` })],
    ["what is no key", () => ({ "x-api-key": "anonymous" })],
    ["an empty key", () => ({ "x-api-key": "" })],
    ["two credentials", () => ({ "x-api-key": key.text, authorization: `Bearer ${server.token()}` })],
  ])("refuses %s on every surface", async (_name, headers) => {
    expect(await tryEverywhere(server, headers())).toEqual(everywhere(server, "unauthenticated"));
    for (const path of ["/v2", "/v1/models", "/metadata", "/docs", "/openapi.json"])
      expect([path, (await fetch(server.service.url + path, { headers: headers() })).status]).toEqual([path, 401]);
  });

  it("refuses whom a rule denies, on every surface, though the same call without a credential is served", async () => {
    expect(await tryEverywhere(server, { authorization: `Bearer ${server.token({ sub: "banned" })}` })).toEqual(
      everywhere(server, "denied"),
    );
    expect(await tryEverywhere(server, { "x-api-key": key.text })).toEqual(everywhere(server, "denied"));
  });

  it("takes no token for an API key, though its issuer lets callers choose their names", async () => {
    const headers = { authorization: `Bearer ${server.token({ sub: `apikey:${key.id}` })}` };
    expect(await tryEverywhere(server, headers)).toEqual(everywhere(server, "unauthenticated"));
  });
});

describe("a credential behind the body", () => {
  it("is none, over REST", async () => {
    const head =
      "POST /double HTTP/1.1\r\nhost: x\r\nx-request-id: trailer-1\r\ncontent-type: application/json\r\nconnection: close\r\n";
    const trailer = `trailer: authorization\r\ntransfer-encoding: chunked\r\n\r\n7\r\n[[1,2]]\r\n0\r\nauthorization: Bearer ${server.token({ sub: "trailed" })}\r\n\r\n`;
    await sendRaw([head + trailer], { port: server.port });
    expect(server.auditLines().find(({ requestId }) => requestId === "trailer-1")).toMatchObject({
      principal: "anonymous",
    });
  });

  it("is none, over gRPC", async () => {
    const session = connect(`http://${server.service.grpcAddress}`);
    const stream = session.request(
      {
        ":method": "POST",
        ":path": "/seldon.protos.Model/Predict",
        "content-type": "application/grpc",
        te: "trailers",
        "x-request-id": "trailer-2",
      },
      { endStream: false },
    );
    stream.on("wantTrailers", () =>
      stream.sendTrailers({ authorization: `Bearer ${server.token({ sub: "trailed" })}` }),
    );
    await new Promise<void>((resolve, reject) => {
      stream.on("close", () => resolve()).on("error", reject);
      stream.resume();
      stream.end(Buffer.alloc(5));
    });
    session.destroy();
    expect(server.auditLines().find(({ requestId }) => requestId === "trailer-2")).toMatchObject({
      principal: "anonymous",
    });
  });
});

it("a payload in the query is served where Seldon takes it, and written down nowhere", async () => {
  const json = encodeURIComponent('{"strData":"S3CR3T"}');
  await fetch(`${server.service.url}/api/v1.0/predictions?json=${json}`, { method: "POST" });
  await sendRaw(toWire({ method: "GET", path: `/predict?json=${json}` }), { port: server.port });
  await sendRaw(toWire({ method: "GET", path: `/S3CR3T` }), { port: server.port });
  expect(server.auditText() + server.logText()).not.toContain("S3CR3T");
});

it("a gRPC call in the name of another content type runs nothing", async () => {
  for (const type of ["application/json", "text/plain", "application/grpc-web", "application/grpc+json", ""]) {
    const session = connect(`http://${server.service.grpcAddress}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/bento.contract.v1.Contract/Double",
      "content-type": type,
      te: "trailers",
    });
    const status = await new Promise((resolve, reject) => {
      stream.on("response", (headers) => resolve(headers["grpc-status"] ?? headers[":status"])).on("error", reject);
      stream.on("trailers", (headers) => resolve(headers["grpc-status"]));
      stream.resume();
      stream.end("[[1,2]]");
    });
    session.destroy();
    expect([type, status]).not.toEqual([type, "0"]);
    expect([type, status]).not.toEqual([type, 200]);
  }
});
