import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { bentoTs, run } from "../support/run-command.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";
import { SECURED } from "./matrix/secured-boston.ts";

// The example as its page says: a real server with the issuer of --dev-idp, tokens of `bento-ts token`, called by curl and by a gRPC client.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const PEOPLE = "https://idp.example.com/realms/housing";
const CLUSTER = "https://kubernetes.default.svc.cluster.local";
const PERSON = ["--issuer", PEOPLE, "--aud", "boston", "--sub", "anna"];
const JOB = ["--issuer", CLUSTER, "--aud", "boston", "--sub", "system:serviceaccount:housing:nightly"];
const NAMESPACE = ["--claim", '/kubernetes.io/namespace="housing"'];

let dir = "";
let config = "";
let server: ServerProcess;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-secured-run-"));
  config = join(dir, "try.yaml");
  env = { BENTO_HOME: dir };
  const port = await freePort();
  // The page's own file, at a port that nobody else has.
  await writeFile(config, (await readFile(join(SECURED, "try.yaml"), "utf8")).replaceAll("3009", String(port)));
  const flags = ["--grpc-port", "0", "--workers", "1", "--config", config, "--dev-idp", "--dev-idp-port", String(port)];
  server = await serve(SECURED, { flags, env });
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const token = async (...args: readonly string[]): Promise<string> =>
  (await bentoTs(["token", ...args], { env })).stdout.trim();
const curl = async (api: string, ...headers: readonly string[]): Promise<readonly [status: number, body: string]> => {
  const fields = ["content-type: application/json", ...headers].flatMap((field) => ["-H", field]);
  const body = api === "column" ? '{"name":"RM"}' : `@${root}examples/boston/examples/boston10.json`;
  const { stdout } = await run("curl", ["-s", "-w", "\n%{http_code}", ...fields, "-d", body, `${server.url}/${api}`]);
  const lines = stdout.split("\n");
  return [Number(lines.at(-1)), lines.slice(0, -1).join("\n")];
};

describe("the secured example, by its page", () => {
  it("answers curl as the rules say, with the prices of the open one", async () => {
    const person = `authorization: Bearer ${await token(...PERSON, "--group", "appraisers")}`;
    const job = `authorization: Bearer ${await token(...JOB, ...NAMESPACE)}`;
    const [status, body] = await curl("score", person);
    const golden = JSON.parse(await readFile(`${root}examples/boston/examples/boston10.out.json`, "utf8")) as number[];
    expect(status).toBe(200);
    const far = (JSON.parse(body) as number[]).filter((price, row) => Math.abs(price - (golden[row] ?? NaN)) > 1e-3);
    expect([far, golden.length]).toEqual([[], 10]);
    const statuses = [
      await curl("score"),
      await curl("score", job),
      await curl("summary", person),
      await curl("each", person),
      await curl("each", job),
      await curl("column"),
      await curl("column", "authorization: Bearer a.b.c"),
    ].map(([code]) => code);
    expect(statuses).toEqual([401, 200, 403, 403, 200, 200, 401]);
  });

  it("answers a gRPC client and the routes of other protocols the same", async () => {
    const authorization = `Bearer ${await token(...PERSON, "--claim", "email=person_a@company.com")}`;
    const client = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
    const infer = async (metadata: Readonly<Record<string, string>>): Promise<number> =>
      (await client.call("ModelInfer", [{ model_name: "score", inputs: [] }], { metadata })).code;
    expect([await infer({}), await infer({ authorization })]).toEqual([16, 7]);
    client.close();
    const { df } = JSON.parse(await readFile(`${root}examples/boston/examples/boston10.json`, "utf8")) as {
      df: object;
    };
    const post = async (path: string, body: object): Promise<number> => {
      const headers = { "content-type": "application/json", authorization };
      return (await fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) })).status;
    };
    expect([
      await post("/v1/models/summary:predict", { instances: df }),
      await post("/v1/models/score:predict", { instances: df }),
      await post("/api/v1.0/predictions", { jsonData: { df } }),
      await post("/v2/models/score/infer", { inputs: [] }),
    ]).toEqual([200, 403, 403, 403]);
  });

  it("is explained as it decides", async () => {
    const given = await token(...JOB, ...NAMESPACE);
    const explain = async (api: string): Promise<readonly [code: number | null, text: string]> => {
      const args = ["auth", "explain", api, SECURED, "--config", config, "--dev-idp", "--token", given];
      const { code, stdout } = await bentoTs(args, { env });
      return [code, stdout];
    };
    expect(await explain("score")).toEqual([0, expect.stringMatching(/author\.allow\[1\] +matches/)]);
    expect(await explain("summary")).toEqual([1, expect.stringMatching(/author\.allow\[0\] +does not match/)]);
  });

  it("does not start where its configuration would leave a rule of several issuers without one", async () => {
    const broken = join(dir, "broken.yaml");
    const rules = "{ allow: [{ groups: [appraisers] }] }";
    await writeFile(broken, `${await readFile(config, "utf8")}      summary: ${rules}\n      nothing: ${rules}\n`);
    const { code, stderr } = await bentoTs(["serve", SECURED, "--config", broken], { env });
    expect(code).toBe(78);
    expect(stderr).toMatch(
      /security\.authorization\.functions\.summary\.allow\[0\]: expected "issuer" beside "groups"/,
    );
    expect(stderr).toMatch(/security\.authorization\.functions\.nothing: the service has no function of this name/);
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
