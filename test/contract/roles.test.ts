import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  api,
  dataFrame,
  defineApi,
  type Feedback,
  type Infer,
  service,
  ServingError,
  serviceClass,
  t,
} from "@bento-ts/runtime";
import { createTestClient, type TestClient } from "@bento-ts/runtime/testing";

const Points = dataFrame({ columns: { x: "float64" } });
type Points = Infer<typeof Points>;
const Means = t.Array(t.Number());
const Settings = t.Object({ weight: t.Number({ minimum: 0 }), label: t.Optional(t.String()) });

/** What feedback the class got last, shown by an API of its own. */
const Said = t.Unknown();

@service({ name: "decorated", parameters: Settings })
class Decorated {
  said: unknown = null;
  constructor(readonly settings: Infer<typeof Settings>) {}

  @api({ role: "transformInput", input: Points, output: Means })
  scale(points: Points): number[] {
    return Array.from(points.column("x"), (x) => x * this.settings.weight);
  }

  @api({ role: "route", input: t.Number() })
  choose(value: number): number {
    return value;
  }

  @api({ role: "aggregate", input: Means, output: Means })
  mean(all: number[][]): number[] {
    return all.map((means) => means.reduce((sum, value) => sum + value, 0) / means.length);
  }

  @api({ role: "feedback", input: Points, output: Means })
  learn({ request, ...rest }: Feedback<Points, number[]>): void {
    this.said = { rows: request?.rows, ...rest };
  }

  @api({ input: t.Null(), output: Said })
  last(): unknown {
    return this.said;
  }
}

const Plain = serviceClass(
  { name: "plain", parameters: Settings },
  class {
    said: unknown = null;
    constructor(readonly settings: Infer<typeof Settings>) {}
    scale = defineApi({ role: "transformInput", input: Points, output: Means }, (points) =>
      Array.from(points.column("x"), (x) => x * this.settings.weight),
    );
    choose = defineApi({ role: "route", input: t.Number() }, (value) => value);
    mean = defineApi({ role: "aggregate", input: Means, output: Means }, async (all) =>
      all.map((means) => means.reduce((sum, value) => sum + value, 0) / means.length),
    );
    learn = defineApi({ role: "feedback", input: Points, output: Means }, ({ request, ...rest }) => {
      this.said = { rows: request?.rows, ...rest };
    });
    last = defineApi({ input: t.Null(), output: Said }, () => this.said);
  },
);

describe.each([
  ["a class with decorators", Decorated],
  ["a class of defineApi fields", Plain],
])("the roles of %s", (_name, Service) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await createTestClient(Service, { config: { parameters: { weight: 2 } } });
  });
  afterAll(() => client.close());

  it("are constructed with the parameters of the configuration", async () => {
    expect((await client.post("scale", { df: [{ x: 1.5 }, { x: 4 }] })).json()).toEqual([3, 8]);
  });

  it.each([0, 3, -1, -2])("route to the branch %i", async (branch) => {
    expect((await client.post("choose", branch)).json()).toBe(branch);
  });

  it.each([1.5, -3])("fail where a route gives %d", async (branch) => {
    expect((await client.post("choose", branch)).status).toBe(500);
  });

  it("aggregate a list of inputs, and name the place of a fault in one of them", async () => {
    expect((await client.post("mean", [[1, 2], [6]])).json()).toEqual([1.5, 6]);
    const refused = await client.post("mean", [[1], ["x"]]);
    expect(refused.json()).toMatchObject({ status: 400, errors: [{ path: "/1/0" }] });
  });

  it("take feedback by the types of request and response, a reward of 0 where none is given", async () => {
    const said = { request: { df: [{ x: 1 }, { x: 2 }] }, response: [1], truth: [2], reward: 0.5, routing: 1 };
    expect((await client.post("learn", said)).json()).toBeNull();
    expect((await client.post("last", null)).json()).toEqual({
      rows: 2,
      response: [1],
      truth: [2],
      reward: 0.5,
      routing: 1,
    });
    expect((await client.post("learn", {})).status).toBe(200);
    expect((await client.post("last", null)).json()).toEqual({ reward: 0 });
    const refused = await client.post("learn", { request: { df: [{ x: "one" }] }, truth: "x" });
    expect(refused.json()).toMatchObject({ status: 400, errors: [{ path: "/request/df/0/x" }, { path: "/truth" }] });
  });
});

describe("parameters that do not fit", () => {
  it.each([
    [{}, "parameters.weight: is required"],
    [{ weight: "two" }, "parameters.weight: "],
    [{ weight: 2, wieght: 3 }, 'no such parameter, did you mean "weight"?'],
  ])("keep the service from starting: %j", async (parameters, message) => {
    const started = createTestClient(Decorated, { config: { parameters } });
    await expect(started).rejects.toBeInstanceOf(ServingError);
    await expect(started).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(message),
    });
  });
});
