import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grpcWire, type ProtoMessage, predict, restWire, sendFeedback, type Unit } from "../support/seldon-executor.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

// scaler ─ bandit ┬ adder
//                 └ doubler

const servers = new Map<string, ServerProcess>();

/** A component as the operator starts it: told everything by variables. */
async function startUnit(name: string, parameters: readonly object[] = []): Promise<void> {
  const server = await serve(`${root}test/e2e/fixtures/seldon-graph/${name}.ts`, {
    flags: ["--workers", "1"],
    env: {
      PREDICTIVE_UNIT_ID: name,
      PREDICTIVE_UNIT_IMAGE: `registry:5000/${name}:1.0`,
      PREDICTIVE_UNIT_GRPC_SERVICE_PORT: "0",
      PREDICTIVE_UNIT_METRICS_ENDPOINT: "/prometheus",
      PREDICTIVE_UNIT_PARAMETERS: JSON.stringify(parameters),
      PREDICTOR_ID: "main",
      PREDICTOR_LABELS: '{"version":"v7"}',
      SELDON_DEPLOYMENT_ID: "graph",
      BENTO_SECURITY_ALLOW_ANONYMOUS: "true",
      BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true",
    },
  });
  servers.set(name, server);
}

let graph: Unit;

beforeAll(async () => {
  await Promise.all([
    startUnit("scaler", [
      { name: "factor", value: "10", type: "FLOAT" },
      { name: "isOff", value: "no", type: "BOOL" },
    ]),
    startUnit("bandit", [{ name: "branches", value: "2", type: "INT" }]),
    startUnit("adder"),
    startUnit("doubler"),
  ]);
  const unit = (name: string, steps: Unit["steps"], ...children: readonly Unit[]): Unit => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`${name} was not started`);
    return { name, steps, server, children };
  };
  graph = unit(
    "scaler",
    ["transformInput", "transformOutput"],
    unit(
      "bandit",
      ["route", "aggregate", "feedback"],
      unit("adder", ["predict", "feedback"]),
      unit("doubler", ["predict", "feedback"]),
    ),
  );
});
afterAll(async () => {
  for (const server of servers.values()) await server.stop();
});

const image = (...names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, `registry:5000/${name}:1.0`]));

async function metricsOf(name: string): Promise<string> {
  return (await fetch(`${servers.get(name)?.adminUrl ?? ""}/prometheus`)).text();
}

/** The values of the series of one name. */
async function seriesOf(unit: string, name: string): Promise<readonly string[]> {
  const lines = (await metricsOf(unit)).split("\n").filter((line) => line.startsWith(`${name}{`));
  return lines.map((line) => line.slice(line.lastIndexOf(" ") + 1));
}

describe("a graph of four components over REST", () => {
  const wire = restWire({ "seldon-puid": "puid-1", "accept-encoding": "gzip", "x-other": "1" });
  const ask = async (message: object): Promise<unknown> =>
    JSON.parse(await predict(wire, graph, JSON.stringify(message)));
  const ndarray = (...row: readonly number[]): object => ({ data: { names: ["a", "b"], ndarray: [row] } });

  it("transforms, asks the branch that its router names, joins and transforms back", async () => {
    // 10 · [1, 2] = [10, 20], + 1 = [11, 21], : 10
    expect(await ask({ ...ndarray(1, 2), meta: { puid: "puid-1", tags: { mine: "<&>" } } })).toEqual({
      data: { names: ["t:0", "t:1"], ndarray: [[1.1, 2.1]] },
      meta: {
        puid: "puid-1",
        tags: { mine: "<&>", adder: "a < b & c" },
        requestPath: image("scaler", "bandit", "adder"),
        metrics: [{ key: "adder_rows", type: "COUNTER", value: 1 }],
        routing: { bandit: 0, adder: -1 },
      },
    });
  });

  it("asks every branch for -1 and averages them", async () => {
    // [0, 30] + 1 = [1, 31], 2 · [0, 30] = [0, 60], mean [0.5, 45.5], : 10
    expect(await ask({ data: { tensor: { shape: [1, 2], values: [0, 3] } } })).toEqual({
      data: { names: ["t:0", "t:1"], tensor: { shape: [1, 2], values: [0.05, 4.55] } },
      meta: {
        tags: { adder: "a < b & c", doubler: true },
        requestPath: image("scaler", "bandit", "adder", "doubler"),
        metrics: [{ key: "adder_rows", type: "COUNTER", value: 1 }],
        routing: { bandit: -1, adder: -1, doubler: -1 },
      },
    });
  });

  it("asks none for -2", async () => {
    expect(await ask(ndarray(-1, 3))).toEqual({
      data: { names: ["t:0", "t:1"], ndarray: [[-1, 3]] },
      meta: { requestPath: image("scaler", "bandit"), routing: { bandit: -2 } },
    });
  });

  it("learns from feedback, which goes down the branch that answered", async () => {
    const feedback = {
      request: ndarray(1, 2),
      response: { ...ndarray(1, 2), meta: { routing: { bandit: 0, adder: -1 } } },
      reward: 0.25,
      truth: ndarray(7, 8),
    };
    expect(JSON.parse((await sendFeedback(wire, graph, JSON.stringify(feedback))) ?? "")).toEqual({
      data: { ndarray: [] },
      meta: { requestPath: image("bandit") },
    });
    expect(await seriesOf("adder", "adder_truth")).toEqual(["7"]);
    expect(await seriesOf("adder", "seldon_api_model_feedback_total")).toEqual(["1"]);
    expect(await seriesOf("doubler", "seldon_api_model_feedback_total")).toEqual([]);
    const better = { ...feedback, response: { meta: { routing: { bandit: 1 } } }, reward: 1 };
    await sendFeedback(wire, graph, JSON.stringify(better));
    expect(await seriesOf("doubler", "seldon_api_model_feedback_reward_total")).toEqual(["1"]);
    expect(await seriesOf("bandit", "seldon_api_model_feedback_reward_total")).toEqual(["1.25"]);
    // The second branch is the better one now: 2 · [10, 20], : 10
    expect(await ask(ndarray(1, 2))).toMatchObject({
      data: { ndarray: [[2, 4]] },
      meta: { routing: { bandit: 1, doubler: -1 } },
    });
  });

  it("passes a component's refusal on with its status and body", async () => {
    await expect(ask({ data: { ndarray: [["a", 2]] } })).rejects.toThrow(
      /^scaler transformInput: 400 \{"status":\{"status":1,"info":".*","code":-1,"reason":"MICROSERVICE_BAD_DATA"\}\}$/,
    );
  });

  it("is found healthy and described by the executor's own questions", async () => {
    for (const [name, server] of servers) {
      expect((await fetch(`${server.url}/health/status`)).status).toBe(200);
      expect((await fetch(`${server.url}/api/v1.0/health/status`)).status).toBe(200);
      expect(await (await fetch(`${server.url}/metadata`)).json()).toMatchObject({
        name: `registry:5000/${name}`,
        versions: ["1.0"],
      });
    }
  });
});

describe("a graph of four components over gRPC", () => {
  const wire = grpcWire({ "seldon-puid": "puid-2" });
  afterAll(() => wire.close());
  const tensor = (...values: readonly number[]): ProtoMessage => ({
    data: { tensor: { shape: [1, 2], values } },
  });

  it("answers as over REST, branch by branch", async () => {
    // The second branch is forgotten when the first was rewarded more.
    const response = { meta: { routing: { bandit: 0 } } };
    await sendFeedback(wire, graph, { response, reward: 2 });
    expect(await predict(wire, graph, tensor(1, 2))).toMatchObject({
      data: { names: ["t:0", "t:1"], tensor: { shape: [1, 2], values: [1.1, 2.1] } },
      meta: {
        tags: { adder: { stringValue: "a < b & c" } },
        requestPath: image("scaler", "bandit", "adder"),
        metrics: [{ key: "adder_rows", type: 0, value: 1 }],
        routing: { bandit: 0, adder: -1 },
      },
    });
    expect(await predict(wire, graph, tensor(0, 3))).toMatchObject({
      data: { tensor: { values: [0.05, 4.55] } },
      meta: {
        requestPath: image("scaler", "bandit", "adder", "doubler"),
        routing: { bandit: -1, adder: -1, doubler: -1 },
      },
    });
    expect(await predict(wire, graph, tensor(-1, 3))).toMatchObject({
      data: { tensor: { values: [-1, 3] } },
      meta: { requestPath: image("scaler", "bandit"), routing: { bandit: -2 } },
    });
  });

  it("answers nested lists with nested lists", async () => {
    const list = (...values: readonly number[]): object => ({
      values: [{ listValue: { values: values.map((numberValue) => ({ numberValue })) } }],
    });
    const message = { data: { ndarray: list(0, 3) } } as ProtoMessage;
    expect(await predict(wire, graph, message)).toMatchObject({ data: { ndarray: list(0.05, 4.55) } });
  });

  it("learns from feedback", async () => {
    const feedback: ProtoMessage = {
      request: tensor(1, 2),
      response: { ...tensor(2, 4), meta: { routing: { bandit: 1 } } },
      truth: tensor(9, 9),
      reward: 4,
    };
    expect(await sendFeedback(wire, graph, feedback)).toMatchObject({
      data: { tensor: { shape: [0] } },
      meta: { requestPath: image("bandit") },
    });
    expect(await predict(wire, graph, tensor(1, 2))).toMatchObject({
      data: { tensor: { values: [2, 4] } },
      meta: { routing: { bandit: 1, doubler: -1 } },
    });
    expect(await seriesOf("doubler", "seldon_api_model_feedback_reward_total")).toEqual(["5"]);
  });

  it("tells why a component refuses", async () => {
    await expect(predict(wire, graph, {})).rejects.toThrow(/^scaler transformInput: 3 /);
  });
});
