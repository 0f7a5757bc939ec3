import { api, type Context, type Infer, onnx, service, t } from "@bento-ts/runtime";
import { Boston, Prices } from "../service.ts";

/** Who signs people in; where its keys are is said by the platform's configuration. */
const PEOPLE = "https://idp.example.com/realms/housing";
/** Who signs tokens of the cluster's service accounts. */
const CLUSTER = "https://kubernetes.default.svc.cluster.local";

const Summary = t.Object({ rows: t.Integer(), lowest: t.Number(), mean: t.Number(), highest: t.Number() });
type Summary = Infer<typeof Summary>;

const Question = t.Object({ name: t.String() });
type Question = Infer<typeof Question>;

/** The same forest behind rules: each function says who may call it, over every protocol. */
@service({
  name: "boston",
  version: "1.4.0",
  description: "House prices by a random forest, for those who may see them.",
})
export class SecuredBostonService {
  forest = onnx("../models/bos_rf.onnx");

  @api({
    input: Boston,
    output: Prices,
    default: true,
    summary: "One price for each row: for the team, its nightly job and its scripts",
    authorize: {
      allow: [
        { issuer: PEOPLE, groups: ["appraisers"] },
        { issuer: CLUSTER, claim: "/sub", anyOf: ["system:serviceaccount:housing:nightly"] },
        { methods: ["apikey"], groups: ["appraisers"] },
      ],
    },
  })
  async score(df: Boston, ctx: Context): Promise<Prices> {
    return this.#price(df, ctx);
  }

  @api({
    input: Boston,
    output: Summary,
    summary: "Lowest, mean and highest price: for one person, once the address is proved",
    authorize: { allow: [{ issuer: PEOPLE, claim: "/email", anyOf: ["person_a@company.com"] }] },
  })
  async summary(df: Boston, ctx: Context): Promise<Summary> {
    const prices = await this.#price(df, ctx);
    const mean = prices.reduce((sum, price) => sum + price, 0) / prices.length;
    return { rows: prices.length, lowest: Math.min(...prices), mean, highest: Math.max(...prices) };
  }

  @api({
    input: Boston,
    output: t.Number(),
    summary: "Price after price as a stream: for every service account of one namespace",
    authorize: { allow: [{ issuer: CLUSTER, claim: ["kubernetes.io", "namespace"], anyOf: ["housing"] }] },
  })
  async *each(df: Boston, ctx: Context): AsyncGenerator<number> {
    yield* await this.#price(df, ctx);
  }

  @api({
    input: Question,
    output: t.String(),
    summary: "What a column of the table means: for everybody, where the platform lets authors say so",
    authorize: "public",
  })
  async column({ name }: Question): Promise<string> {
    return MEANINGS.get(name) ?? "no such column";
  }

  async #price(df: Boston, ctx: Context): Promise<Prices> {
    const { variable } = await this.forest.run({ X: df.toTensor("float32") }, ctx);
    return Array.from(variable.data);
  }
}

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["RM", "Mean number of rooms"],
  ["LSTAT", "Lower-status residents, percent"],
]);
