import { request } from "node:http";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecuredBostonService } from "../../examples/boston/secured/service.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { callersOf } from "./matrix/callers.ts";
import { prepareSecuredBoston, SECURED, type SecuredBoston } from "./matrix/secured-boston.ts";

// A function has more than one name and path: the rules are the function's, whichever of them is called, and a spelling that only looks like one is none.
let boston: SecuredBoston;
let service: ListeningService;
let grpc: Client;
let shown: ReturnType<typeof callersOf>;

beforeAll(async () => {
  boston = await prepareSecuredBoston();
  service = await listen(SecuredBostonService, { env: boston.env, baseDir: SECURED });
  grpc = new Client(service.grpcAddress, credentials.createInsecure());
  shown = callersOf(boston, Date.now());
});
afterAll(async () => {
  grpc.close();
  await service.close();
  await boston.remove();
});

// Nobody, a broker (who may call `column` alone), an appraiser without a body (who is let in and then told that the input is wrong).
describe("paths to score", () => {
  it.each([
    ["POST", "/score", 401, 403, 400],
    ["POST", "/score/", 401, 403, 400],
    ["POST", "/score?api=column", 401, 403, 400],
    ["POST", "/score?authorization=Bearer%20x", 401, 403, 400],
    ["POST", "/%73core", 401, 403, 400],
    ["POST", "/SCORE", 401, 404, 404],
    ["POST", "//score", 401, 404, 404],
    ["POST", "/./score", 401, 404, 404],
    ["POST", "/column/../score", 401, 404, 404],
    ["POST", "/column/..%2fscore", 401, 404, 404],
    ["POST", "/score;column", 401, 404, 404],
    ["POST", "/score%00", 401, 404, 404],
    ["POST", "/score%20", 401, 404, 404],
    ["POST", "/healthz/../score", 401, 404, 404],
    ["POST", "http://other.example/score", 401, 403, 400],
    ["GET", "/score", 401, 405, 405],
    ["HEAD", "/score", 401, 405, 405],
    ["PUT", "/score", 401, 405, 405],
    ["DELETE", "/score", 401, 405, 405],
    ["PATCH", "/score", 401, 405, 405],
    ["TRACE", "/score", 401, 405, 405],
    ["PROPFIND", "/score", 401, 405, 405],
    ["OPTIONS", "/score", 401, 405, 405],
    ["POST", "/v2/models/score/infer", 401, 403, 400],
    ["POST", "/v2/models/boston/infer", 401, 403, 400],
    ["POST", "/v2/models/score/versions/1/infer", 401, 403, 400],
    ["POST", "/v2/models/boston/versions/1/infer", 401, 403, 400],
    ["POST", "/v2/models/score/versions/2/infer", 401, 404, 404],
    ["POST", "/v2/models/%73core/infer", 401, 403, 400],
    ["POST", "/v2/models/column%2f..%2fscore/infer", 401, 404, 404],
    ["POST", "/v2/models/each/infer", 401, 404, 404],
    ["POST", "/v1/models/score:predict", 401, 403, 400],
    ["POST", "/v1/models/boston:predict", 401, 403, 400],
    ["POST", "/v1/models/boston/versions/1:predict", 401, 403, 400],
    ["POST", "/v1/models/score:explain", 401, 501, 501],
    ["POST", "/predict", 401, 403, 400],
    ["GET", "/predict?json={}", 401, 403, 400],
    ["POST", "/api/v1.0/predictions", 401, 403, 400],
    ["POST", "/api/v0.1/predictions", 401, 403, 400],
  ] as const)("%s %s: %i for nobody, %i for a broker, %i for an appraiser", async (method, path, ...expected) => {
    const callers = ["nobody", "broker", "appraiser"] as const;
    const got = await Promise.all(callers.map((caller) => statusOf(method, path, shown[caller] ?? {})));
    expect(got).toEqual(expected);
  });
});

describe("methods of gRPC that lead to score", () => {
  it.each([
    ["/bento.boston.v1.Boston/Score", 16, 7, 3],
    ["/bento.boston.v1.Boston/score", 16, 12, 12],
    ["/bento.boston.v1.boston/Score", 16, 12, 12],
    ["/bento.boston.v1.Boston/Score/", 16, 12, 12],
    ["//bento.boston.v1.Boston/Score", 16, 12, 12],
    ["/bento.boston.v1.Boston/Column/../Score", 16, 12, 12],
    ["/bento.boston.v1.Boston/Score?column", 16, 12, 12],
    ["/grpc.health.v1.Health/../../bento.boston.v1.Boston/Score", 16, 12, 12],
    ["/grpc.health.v1.Health/List", 16, 12, 12],
    ["/grpc.channelz.v1.Channelz/GetServers", 16, 12, 12],
    ["/seldon.protos.Model/Predict", 16, 7, 3],
    ["/seldon.protos.Seldon/Predict", 16, 7, 3],
  ] as const)("%s: %i for nobody, %i for a broker, %i for an appraiser", async (path, ...expected) => {
    const callers = ["nobody", "broker", "appraiser"] as const;
    const got = await Promise.all(callers.map((caller) => codeOf(path, shown[caller] ?? {})));
    expect(got).toEqual(expected);
  });
});

/** Sends a path as it is written: other clients would mend it. */
function statusOf(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { hostname, port } = new URL(service.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: { ...headers, "content-length": 0 }, agent: false });
    sent.once("response", (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    });
    sent.once("error", reject);
    sent.end();
  });
}

/** Sends a message that no method takes. */
function codeOf(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    grpc.makeUnaryRequest(path, same, same, Buffer.from([0xff]), metadata, (error: ServiceError | null) =>
      resolve(error?.code ?? 0),
    );
  });
}
