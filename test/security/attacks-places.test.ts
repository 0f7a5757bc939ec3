import { connect, type IncomingHttpHeaders } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendRaw, toWire } from "../hostile/raw-http.ts";
import { type AttackedServer, everywhere, startAttacked, tryEverywhere } from "./attacked-server.ts";

// Credentials that are missing, of another kind or in the wrong place, on every surface: security.md B, attacks 21 to 28.
let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked();
});
afterAll(() => server.close());

const raw = async (
  request: Parameters<typeof toWire>[0],
): Promise<{ readonly status: number | undefined; readonly text: string; readonly count: number }> => {
  const { replies } = await sendRaw(toWire(request), { port: server.port });
  return { status: replies[0]?.status, text: replies[0]?.text ?? "", count: replies.length };
};

describe("headers in which proxies vouch for a caller (21)", () => {
  const NAMES = [
    "x-forwarded-user",
    "x-user",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-remote-user",
    "remote-user",
  ];
  const CERTS = [
    "x-forwarded-client-cert",
    "x-client-cert",
    "x-ssl-client-verify",
    "x-ssl-client-dn",
    "ssl-client-cert",
  ];
  const HEADERS: Readonly<Record<string, string>> = {
    ...Object.fromEntries(NAMES.map((name) => [name, "ada"])),
    ...Object.fromEntries(CERTS.map((name) => [name, 'Hash=00;Subject="CN=ada";URI=spiffe://prod/ada'])),
    "x-jwt-payload": Buffer.from('{"sub":"ada"}').toString("base64url"),
    "x-endpoint-api-userinfo": Buffer.from('{"sub":"ada"}').toString("base64url"),
    "x-ms-client-principal": Buffer.from('{"userId":"ada"}').toString("base64"),
    "x-consumer-username": "ada",
    "x-authenticated-userid": "ada",
  };

  it.each(Object.entries(HEADERS))("%s makes nobody of a caller without a token", async (name, value) => {
    expect(await tryEverywhere(server, { [name]: value })).toEqual(everywhere(server, "unauthenticated"));
  });

  it("change nothing of a caller who has a token", async () => {
    const headers = { ...HEADERS, authorization: `Bearer ${server.token()}`, "x-request-id": "vouched" };
    expect(await tryEverywhere(server, headers)).toEqual(everywhere(server, "served"));
    const named = server.auditLines().filter(({ requestId }) => requestId === "vouched");
    expect(named.map(({ principal }) => principal)).toEqual(server.surfaces.map(() => "ada"));
  });
});

describe("a field that is no bearer token (24)", () => {
  const of = (token: string): Readonly<Record<string, string>> => ({
    "no scheme": token,
    "the scheme of passwords": `Basic ${token}`,
    "a scheme of somebody else": `Token ${token}`,
    "the scheme in two words": `Bearer Bearer ${token}`,
    "nothing behind the scheme": "Bearer",
    nothing: "",
    "a token in quotes": `Bearer "${token}"`,
    "a token and a comma": `Bearer ${token},`,
    "two tokens": `Bearer ${token},${token}`,
    "a token and a word": `Bearer ${token} x`,
    "a parameter": `Bearer token=${token}`,
    "a colon behind the scheme": `Bearer: ${token}`,
    "the scheme glued on": `Bearer${token}`,
    "a bound token's scheme": `DPoP ${token}`,
    "a scheme of letters that look alike": `B%65arer ${token}`,
  });

  it.each(Object.keys(of("")))(
    "%s is refused everywhere, and there is no word of it in log and audit",
    async (name) => {
      const token = server.token({ jti: name });
      const field = of(token)[name] ?? "";
      expect(await tryEverywhere(server, { authorization: field })).toEqual(everywhere(server, "unauthenticated"));
      expect(server.logText() + server.auditText()).not.toContain(token.split(".")[1]);
    },
  );

  it.each(["bearer", "BEARER", "bEaReR"])(
    "but %s is the scheme of RFC 9110, in which case does not count",
    async (scheme) => {
      expect(await tryEverywhere(server, { authorization: `${scheme} ${server.token()}` })).toEqual(
        everywhere(server, "served"),
      );
    },
  );
});

describe("a good token in a place where none is looked for (25, 26)", () => {
  it.each([
    ["proxy-authorization", "Bearer "],
    ["cookie", "access_token="],
    ["cookie", "__Host-token="],
    ["x-access-token", ""],
    ["x-forwarded-access-token", ""],
    ["x-auth-token", ""],
    ["x-id-token", ""],
    ["x-amzn-oidc-data", ""],
    ["x-goog-iap-jwt-assertion", ""],
    ["http-authorization", "Bearer "],
    ["x-authorization", "Bearer "],
    ["x-original-authorization", "Bearer "],
    ["authentication", "Bearer "],
    ["x-api-key", ""],
  ])("%s: %s…", async (name, before) => {
    const token = server.token();
    expect(await tryEverywhere(server, { [name]: before + token })).toEqual(everywhere(server, "unauthenticated"));
    expect(server.logText() + server.auditText()).not.toContain(token.split(".")[2]);
  });

  it.each(["access_token", "token", "authorization", "jwt"])(
    "the query's %s, which is not written down",
    async (name) => {
      const token = server.token();
      for (const path of [
        "/double",
        "/v2/models/double/infer",
        "/v1/models/double:predict",
        "/api/v1.0/predictions",
        "/predict",
      ])
        expect((await raw({ path: `${path}?${name}=${token}`, body: "[[1,2]]" })).status).toBe(401);
      expect(server.logText() + server.auditText()).not.toContain(token.split(".")[1]);
    },
  );

  it("a form", async () => {
    const body = new URLSearchParams({ access_token: server.token(), json: '{"data":{"ndarray":[[1,2]]}}' }).toString();
    for (const path of ["/double", "/api/v1.0/predictions"]) {
      const headers = [["content-type", "application/x-www-form-urlencoded"]] as const;
      expect((await raw({ path, headers, body })).status).toBe(401);
    }
  });
});

/** What answers something else than a prediction. */
const ASKED = [
  ["/docs", "/docs/", "/docs/swagger-ui.css", "/openapi.json", "/seldon.json", "/metrics", "/metrics/", "/prometheus"],
  [
    "/v2",
    "/v2/",
    "/v2/models/double",
    "/v2/models/double/ready",
    "/v2/models/double/versions/1",
    "/v2/models/double/config",
  ],
  ["/v2/models/double/stats", "/v2/models/stats", "/v2/repository/index", "/v1", "/v1/models", "/v1/models/double"],
  ["/v1/models/double/metadata", "/v1/models/double/versions/1", "/metadata", "/api/v1.0/metadata", "/health/ping"],
  [
    "/health/status",
    "/",
    "/admin",
    "/debug",
    "/.env",
    "/server-status",
    "/double",
    "/nothing",
    "/healthz/x",
    "/readyz/..",
  ],
].flat();

describe("a route that is not public (22, 23)", () => {
  it("asks for a credential before it tells whether it is there", async () => {
    for (const path of ASKED)
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
        expect([method, path, (await raw({ method, path })).status]).toEqual([method, path, 401]);
  });

  it.each([
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "LINK",
    "PURGE",
    "LOCK",
    "M-SEARCH",
    "QUERY",
    "get",
    "post",
    "Post",
    "GETT",
  ])("gives %s nothing", async (method) => {
    for (const path of ["/double", "/docs", "/v2", "/api/v1.0/predictions", "*", "/"]) {
      const { status = 0, text, count } = await raw({ method, path, body: "[[1,2]]" });
      expect([path, status >= 400 && status < 500, count]).toEqual([path, true, 1]);
      expect(text).not.toContain("[[2,4]]");
    }
  });

  it("is opened by no header that names another method or path", async () => {
    const headers = [
      "x-http-method-override",
      "x-http-method",
      "x-method-override",
      "x-original-url",
      "x-rewrite-url",
    ].map((name): [string, string] => [name, name.includes("url") ? "/healthz" : "GET"]);
    expect((await raw({ path: "/double", headers, body: "[[1,2]]" })).status).toBe(401);
    expect((await raw({ method: "GET", path: "/docs", headers })).status).toBe(401);
  });
});

describe("gRPC without a credential (27, 28)", () => {
  it.each([
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/grpc.channelz.v1.Channelz/GetServers",
    "/grpc.health.v1.Health/List",
    "/seldon.protos.model/Predict",
    "/seldon.protos.Model/predict",
    "/seldon.protos.Model/Predict/",
    "//seldon.protos.Model/Predict",
    "/seldon.protos.Model//Predict",
    "/seldon.protos.Model/Predict?x=1",
    "/seldon.protos.Model%2FPredict",
    "/seldon.protos.Model/Metadata",
    "/inference.GRPCInferenceService/ServerMetadata",
    "/inference.GRPCInferenceService/RepositoryIndex",
    "/inference.GRPCInferenceService/ModelStatistics",
    "/tensorflow.serving.ModelService/GetModelStatus",
    "/grpc.health.v1.Health/../../seldon.protos.Model/Predict",
    "/grpc.health.v1.Health/Check#/seldon.protos.Model/Predict",
    "/__proto__/constructor",
    "/",
  ])("%s is asked for one", async (path) => {
    expect(await grpcStatus(path, {})).toBe("16");
  });

  it.each(["/seldon.protos.model/Predict", "/seldon.protos.Model/Predict/", "//seldon.protos.Model/Predict"])(
    "and with one %s is still no method",
    async (path) => {
      expect(await grpcStatus(path, { authorization: `Bearer ${server.token()}` })).toBe("12");
    },
  );

  it("is what a message of garbage is told on every surface", async () => {
    for (const bytes of [Buffer.from("\xff\xfe{garbage"), Buffer.alloc(0), Buffer.alloc(100_000, 0x80)]) {
      const ends = await Promise.all(server.surfaces.map((surface) => surface.sendBytes(bytes)));
      expect(ends.map(({ status }) => status)).toEqual(
        server.surfaces.map(({ transport }) => (transport === "http" ? 401 : 16)),
      );
    }
  });
});

it("no caller without a credential is told to send the body (A1.6)", async () => {
  const headers = [
    ["expect", "100-continue"],
    ["content-type", "application/json"],
    ["content-length", "7"],
  ] as const;
  for (const path of ["/double", "/v2/models/double/infer", "/v1/models/double:predict", "/api/v1.0/predictions"]) {
    const { wire } = await sendRaw(toWire({ path, headers }), { port: server.port });
    expect(wire).toMatch(/^HTTP\/1\.1 401 /);
    expect(wire).not.toContain("100 Continue");
  }
});

/** Calls a path as it is, with an empty message. */
async function grpcStatus(path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const session = connect(`http://${server.service.grpcAddress}`);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const status = await new Promise<string>((resolve, reject) => {
    const look = (told: IncomingHttpHeaders): void => {
      const value = told["grpc-status"];
      if (value !== undefined) resolve([value].flat().join());
    };
    stream.on("response", look).on("trailers", look).on("error", reject);
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
  session.destroy();
  return status;
}
