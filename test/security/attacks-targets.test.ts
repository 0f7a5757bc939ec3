import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RawReply, sendRaw, toWire } from "../hostile/raw-http.ts";
import { type AttackedServer, ROWS, startAttacked, WANTED } from "./attacked-server.ts";

// Other names, paths and connections for what is protected: security.md A1.3, and attacks that are not on the list of part B.
let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked(() => ({
    BENTO_SECURITY_PUBLIC: '["docs"]',
    // For the function alone: other names of it must not escape.
    BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify({
      double: { allow: [{ claim: `/${WANTED.claim}`, anyOf: [WANTED.value] }] },
    }),
  }));
});
afterAll(() => server.close());

const send = async (...chunks: readonly (string | Uint8Array)[]): Promise<readonly RawReply[]> =>
  (await sendRaw(chunks, { port: server.port })).replies;
const ask = (path: string, headers: readonly (readonly [string, string])[] = []): Promise<readonly RawReply[]> =>
  send(...toWire({ path, headers: [["content-type", "application/json"], ...headers], body: "[[1,2]]" }));
const bearer = (claims?: object): readonly [string, string] => ["authorization", `Bearer ${server.token(claims)}`];
const PREDICTED = /\b2,\s*4\b/;

/** Targets that a router and a filter in front of it may read differently. */
const TARGETS = [
  [
    "/docs/../double",
    "/docs/%2e%2e/double",
    "/docs/..%2fdouble",
    "/docs/..;/double",
    "/docs//../double",
    "/docs\\..\\double",
  ],
  ["/healthz/../double", "/healthz/%2e%2e/double", "/healthz%2f..%2fdouble", "/healthz;/double", "/healthz/double"],
  [
    "/readyz/../v2/models/double/infer",
    "/v2/health/live/../../models/double/infer",
    "/v2/health/live%2f..%2f..%2fmodels",
  ],
  [
    "//double",
    "///double",
    "/./double",
    "/x/../double",
    "/double/",
    "/double//",
    "/%64ouble",
    "/%2564ouble",
    "/d%6fuble?docs",
  ],
  [
    "/DOUBLE",
    "/Double",
    "/double;x=1",
    "/double.json",
    "/double%00",
    "/double%20",
    "/double%0d%0ax:%20y",
    "/double\\",
    "/double%",
  ],
  [
    "/double?/healthz",
    "/double?x=/docs",
    "/double#/healthz",
    "/double%23/healthz",
    "/double%3f/docs",
    "/openapi.json/../double",
  ],
  ["http://127.0.0.1/double", "http://evil.example/double", "http://x/healthz/../double", "http://x/docs/../double"],
  ["/v2/models/double%2finfer", "/v2/models/../models/double/infer", "/v2/models/double/versions/1/../../infer"],
  [
    "/v1/models/double%3apredict",
    "/v1/models/double:Predict",
    "/v1/models/double:predict/",
    "/v1/models/%64ouble:predict",
  ],
  ["/api/v1.0/../v1.0/predictions", "/api//v1.0/predictions", "/API/v1.0/predictions", "/predict/", "/transform-input"],
].flat();

describe("another way to write a target", () => {
  it.each(TARGETS)("%s gives nothing to a caller without a credential", async (path) => {
    const replies = await ask(path);
    expect(replies.length).toBe(1);
    expect([400, 401]).toContain(replies[0]?.status);
    expect(replies[0]?.text).not.toMatch(PREDICTED);
  });

  it.each(TARGETS)("%s gives no prediction to a caller who may not call", async (path) => {
    const [reply] = await ask(path, [bearer({ [WANTED.claim]: "other" })]);
    expect([400, 403, 404, 405]).toContain(reply?.status);
    expect(reply?.text).not.toMatch(PREDICTED);
  });

  it("leads to one function where it leads to any", async () => {
    const before = server.auditLines().length;
    for (const path of TARGETS) await ask(path, [bearer()]);
    const served = server
      .auditLines()
      .slice(before)
      .filter(({ decision }) => decision === "allow");
    expect(new Set(served.map((line) => line.function))).toEqual(new Set(["double"]));
  });
});

describe("another name of a function", () => {
  it.each(["double", "contract"])("%s is held by the function's rule on every surface", async (model) => {
    const statuses = async (value: string): Promise<readonly number[]> => {
      const headers = { authorization: `Bearer ${server.token({ [WANTED.claim]: value })}` };
      const answers = await Promise.all(server.surfaces.map((surface) => surface.call(ROWS, { model, headers })));
      return answers.map(({ status }) => status);
    };
    expect(await statuses("other")).toEqual(server.surfaces.map(({ transport }) => (transport === "http" ? 403 : 7)));
    expect(await statuses(WANTED.value)).toEqual(
      server.surfaces.map(({ transport }) => (transport === "http" ? 200 : 0)),
    );
  });

  it.each([
    "DOUBLE",
    "double ",
    "double\0",
    "__proto__",
    "constructor",
    "toString",
    "*",
    "%64ouble",
    "double\u200b",
    "",
  ])("%j is none", async (model) => {
    const headers = { authorization: `Bearer ${server.token({ [WANTED.claim]: "other" })}` };
    const named = server.surfaces.filter(({ name }) => /^(V2|TF Serving) gRPC/.test(name));
    expect(named.length).toBe(3);
    // A caller who may call nothing is not told what is there.
    for (const surface of named) expect((await surface.call(ROWS, { model, headers })).status).toBe(7);
  });
});

describe("one connection", () => {
  it("keeps nobody's credential for the next request", async () => {
    const one = (headers: readonly (readonly [string, string])[]): (string | Uint8Array)[] =>
      toWire({
        path: "/double",
        headers: [["content-type", "application/json"], ["connection", "keep-alive"], ...headers],
        body: "[[1,2]]",
      });
    const [first, body = ""] = one([bearer({ sub: "first" }), ["x-request-id", "kept-1"]]);
    const [last] = toWire({ method: "GET", path: "/v2", headers: [["x-request-id", "kept-2"]] });
    expect((await send(first ?? "", body, last ?? "")).map(({ status }) => status)).toEqual([200, 401]);
    const names = server.auditLines().filter(({ requestId }) => requestId.startsWith("kept-"));
    expect(Object.fromEntries(names.map(({ requestId, principal }) => [requestId, principal]))).toEqual({
      "kept-1": "first",
      "kept-2": null,
    });
  });

  it.each([
    ["with a length", (hidden: string) => [`content-length: ${hidden.length}\r\n\r\n${hidden}`]],
    [
      "in chunks",
      (hidden: string) => [`transfer-encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`],
    ],
    ["without end", (hidden: string) => [`content-length: 999999\r\n\r\n${hidden}`]],
    ["without a length", (hidden: string) => [`\r\n${hidden}`]],
  ])("runs no request that stands in the body of a refused one %s (29)", async (name, wire) => {
    const hidden = `GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n`;
    const replies = await send("POST /double HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n", ...wire(hidden));
    // Without a length the refused request ends with its headers, and what follows is the next one.
    expect(replies.map(({ status }) => status)).toEqual(name === "without a length" ? [401, 200] : [401]);
  });

  it.each(["websocket", "h2c", "TLS/1.0", "HTTP/2.0"])("is not turned into %s", async (protocol) => {
    const headers = [
      ["connection", "Upgrade, HTTP2-Settings"],
      ["upgrade", protocol],
      ["http2-settings", "AAMAAABkAARAAAAAAAIAAAAA"],
      ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["sec-websocket-version", "13"],
      ["connection", "close"],
    ] as const;
    for (const path of ["/double", "/docs-x", "/v2"]) expect((await ask(path, headers))[0]?.status).toBe(401);
  });

  it.each(["evil.example", "localhost.", "127.0.0.1.", "LOCALHOST:80", "[::1]", "admin", "metadata.google.internal"])(
    "for the host %s opens nothing",
    async (host) => {
      for (const path of ["/double", "/metrics", "/v2"])
        expect((await ask(path, [["host", host]]))[0]?.status).toBe(401);
    },
  );

  it("takes a request with thousands of query parameters for one without", async () => {
    const query = Array.from({ length: 4_000 }, (_, at) => `a${at}=`).join("&");
    expect((await ask(`/double?${query}`))[0]?.status).toBe(401);
    expect((await ask(`/double?${query}`, [bearer()]))[0]).toMatchObject({ status: 200 });
    expect(server.auditText().length).toBeLessThan(2_000_000);
  });
});

describe("a body that would change what all objects have (31)", () => {
  it.each(["/double", "/v2/models/double/infer", "/v1/models/double:predict", "/api/v1.0/predictions"])(
    "%s",
    async (path) => {
      for (const body of [
        '{"__proto__":{"polluted":1}}',
        '{"constructor":{"prototype":{"polluted":1}}}',
        '[{"__proto__":[]}]',
      ]) {
        const [reply] = await send(
          ...toWire({ path, headers: [["content-type", "application/json"], bearer()], body }),
        );
        expect([400, 422]).toContain(reply?.status);
        expect(Reflect.get({}, "polluted")).toBeUndefined();
      }
    },
  );
});

it("content types of browsers and of gRPC-Web open nothing", async () => {
  for (const type of [
    "application/grpc",
    "application/grpc-web",
    "application/grpc-web-text",
    "text/plain",
    "application/json+x",
  ])
    for (const path of ["/double", "/seldon.protos.Model/Predict", "/bento.contract.v1.Contract/Double"])
      expect((await send(...toWire({ path, headers: [["content-type", type]], body: "[[1,2]]" })))[0]?.status).toBe(
        401,
      );
});

it("after all that good callers are served", async () => {
  const headers = { authorization: `Bearer ${server.token()}` };
  const ends = await Promise.all(server.surfaces.map((surface) => surface.call(ROWS, { headers })));
  expect(ends.map(({ values }) => values)).toEqual(server.surfaces.map(() => [2, 4, 6, 8]));
});
