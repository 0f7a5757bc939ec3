import { setTimeout as delay } from "node:timers/promises";
import type { ApiDefinition } from "@bento-ts/runtime/definition";
import { failed } from "../command-error.ts";
import { detailOf } from "../examples/run-example.ts";
import { batchesBetween, type BatchRows, parseBatchRows } from "./batch-rows.ts";
import type { BenchReport } from "./bench-lines.ts";
import type { BenchProtocol, LoadOrder } from "./bench-order.ts";
import { getText } from "./get-text.ts";
import { createGrpcCaller } from "./grpc-caller.ts";
import { createHttpCaller } from "./http-caller.ts";
import { loadFigures } from "./load-report.ts";
import { fileShots, nativeShots, type Shots } from "./native-shots.ts";
import { noAnswer } from "./no-answer.ts";
import { runLoad } from "./run-load.ts";
import { sampleCell } from "../serve/sample-value.ts";
import { sampleBody, type Shapes } from "./sample-body.ts";
import type { Caller, Shot } from "./shot.ts";
import { fetchInputs, v2Shots } from "./v2-shots.ts";

/** A bench with everything decided; the server is there. */
export interface BenchOrder {
  readonly url: URL;
  /** Where gRPC is spoken. */
  readonly grpcUrl: URL | undefined;
  /** Where the server's metrics may be. */
  readonly adminUrl: URL | undefined;
  /** Somebody says that they are there; else they are done without. */
  readonly isAdminNamed: boolean;
  readonly protocol: BenchProtocol;
  readonly apiName: string;
  /** Undefined where nothing is known of it. */
  readonly api: ApiDefinition | undefined;
  readonly baseDir: string;
  /** A file to send in place of examples. */
  readonly data: string | undefined;
  readonly shapes: Shapes;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: string | undefined;
  readonly load: LoadOrder;
  readonly signal: AbortSignal;
}

/** Refusals of a server that is busy: those are what a load is about. */
const BUSY: ReadonlySet<string> = new Set(["429", "503", "RESOURCE_EXHAUSTED", "UNAVAILABLE"]);

/** Sends one call, then the load, and tells what it showed. An abort ends the load and leaves the figures. Throws CommandError where not even the first call gets through. */
export async function runBench(order: BenchOrder): Promise<BenchReport> {
  const { url, protocol, apiName, load, headers, signal } = order;
  const { shots, input } = await shotsOf(order);
  const sent = shots.map((shot): Shot => ({ ...shot, headers: { ...shot.headers, ...headers } }));
  const target = protocol === "v2-grpc" ? (order.grpcUrl ?? url) : url;
  const options = { connections: load.concurrency, timeoutMs: load.timeoutMs, ca: order.ca, signal };
  const caller = protocol === "v2-grpc" ? createGrpcCaller(target, options) : createHttpCaller(target, options);
  try {
    await tryFirst(caller, sent, target);
    const before = await scrape(order);
    if (before === undefined && order.isAdminNamed)
      throw failed(`no metrics come from ${order.adminUrl?.href}: correct --admin, or leave it out to do without`);
    const record = await runLoad(caller, sent, { ...load, signal, now: () => performance.now(), sleep });
    const after = before === undefined ? undefined : await scrape(order);
    return {
      ...loadFigures(record),
      url: target.href,
      protocol,
      api: apiName,
      input,
      concurrency: load.concurrency,
      rate: load.rate ?? null,
      interrupted: signal.aborted,
      batches: batchesOf(before, after),
    };
  } finally {
    caller.close();
  }
}

async function shotsOf(order: BenchOrder): Promise<Shots> {
  const { protocol, api, apiName, baseDir, data, shapes, url, headers, ca, load } = order;
  if (data !== undefined) return fileShots(apiName, data, api?.input);
  if (protocol === "rest") {
    if (api === undefined) throw failed(`nothing is known of "${apiName}"`);
    return nativeShots(api, baseDir, shapes);
  }
  const inputs = await fetchInputs(url, apiName, { headers, ca, timeoutMs: load.timeoutMs });
  const transport = protocol === "v2" ? "rest" : "grpc";
  return v2Shots(apiName, inputs, { transport, shapes, text: textOf(api), fills: fillsOf(api) });
}

/** Of a data frame each column is an input of its own: what a made-up row has there. */
function fillsOf(api: ApiDefinition | undefined): ReadonlyMap<string, number | string | boolean> {
  if (api?.input.kind !== "dataFrame") return new Map();
  const { columns } = api.input;
  return new Map(Object.entries(columns).map(([name, column]) => [name, sampleCell(column)]));
}

/** An element of BYTES: a value in JSON, where the API takes such; else a text. */
function textOf(api: ApiDefinition | undefined): string {
  if (api?.input.kind !== "json") return "some text";
  const example = api.examples.map(({ input }) => input).find((input) => "json" in input);
  return JSON.stringify(example === undefined ? sampleBody(api, {}) : example.json);
}

async function tryFirst(caller: Caller, [first]: readonly Shot[], url: URL): Promise<void> {
  if (first === undefined) throw failed("there is nothing to send");
  const {
    status,
    isOk,
    detail = "",
  } = await caller.send(first).catch((cause: unknown) => {
    throw failed(`the calls can't be sent: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  if (isOk || BUSY.has(status)) return;
  const isAnswer = /^\d{3}$/.test(status) || /^[A-Z_]+$/.test(status);
  if (/^E[A-Z]+$/.test(status) || !isAnswer) throw noAnswer(url, detail === "" ? status : detail);
  throw failed(`the first call was answered with ${status}: ${detailOf(Buffer.from(detail))}`);
}

const SCRAPE_MS = 2000;

/** The server's metrics, undefined where they are not to be had: the figures do without. */
async function scrape({ adminUrl, apiName }: BenchOrder): Promise<ReadonlyMap<string, number> | undefined> {
  if (adminUrl === undefined) return undefined;
  const answer = await getText(new URL("metrics", `${adminUrl.href.replace(/\/*$/, "")}/`), {
    timeoutMs: SCRAPE_MS,
  }).catch(() => undefined);
  return answer?.status === 200 ? parseBatchRows(answer.text, apiName) : undefined;
}

function batchesOf(
  before: ReadonlyMap<string, number> | undefined,
  after: ReadonlyMap<string, number> | undefined,
): BatchRows | null {
  return before === undefined || after === undefined || after.size === 0 ? null : batchesBetween(before, after);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // Cut short by the signal, which the caller looks at.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
