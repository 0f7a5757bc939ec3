import { readFile } from "node:fs/promises";
import { isLoopback, loadConfig } from "@bento-ts/runtime/config";
import { type CredentialFlags, credentialHeader } from "../auth/credential-header.ts";
import { benchLines, type BenchReport } from "../bench/bench-lines.ts";
import {
  type BenchProtocol,
  type LoadFlags,
  parseBenchUrl,
  parseHeaders,
  parseLoad,
  PROTOCOLS,
} from "../bench/bench-order.ts";
import { type Benched, openBenched } from "../bench/open-benched.ts";
import { type BenchOrder, runBench } from "../bench/run-bench.ts";
import { interruptible } from "../build/interruptible.ts";
import type { CommandRow } from "../command.ts";
import { EXIT, failed, wrongUsage } from "../command-error.ts";
import type { ExampleServer } from "../examples/serve-for-examples.ts";
import { report } from "../output.ts";
import { refuse } from "../serve/refuse.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";
import { parseShapes } from "../tune/parse-shapes.ts";

interface Flags extends CredentialFlags, LoadFlags {
  readonly url?: string;
  readonly grpc?: string;
  readonly admin?: string;
  readonly allowRemote?: boolean;
  readonly api?: string;
  readonly protocol: string;
  readonly data?: string;
  readonly shape?: readonly string[];
  readonly header?: readonly string[];
  readonly ca?: string;
  readonly json?: boolean;
}

/** `bento-ts bench`: a bounded load on one API, and how it was answered. */
export const bench: CommandRow = {
  name: "bench",
  summary: "send a bounded load to an API and tell throughput, latencies, errors and batches",
  examples: [
    ["bento-ts bench", "the project in this folder, on a free loopback port, for 10 s"],
    ["bento-ts bench model.onnx --protocol v2-grpc --concurrency 64", "a model without code over gRPC"],
    ["bento-ts bench --rate 500 --duration 30s", "500 calls a second, whether the server keeps up or not"],
    ["bento-ts bench --url http://127.0.0.1:3000 --api score --data rows.csv", "a server that runs"],
    ["bento-ts bench --requests 1000 --json | jq .latencyMs.p99", "one figure, for scripts"],
  ],
  define(command) {
    command
      .argument(
        "[TARGET]",
        "service file, project folder, bento or model files; the project in this folder when it is left out",
      )
      .option("--url <url>", "base URL of a running server; without it TARGET is served on free loopback ports")
      .option("--grpc <address>", "host:port of its gRPC, secured as --url is")
      .option(
        "--admin <url>",
        "its admin port, for the batch histogram; with a loopback --url http://127.0.0.1:3002 is tried",
      )
      .option("--allow-remote", "lets --url be another machine, for a server of your own")
      .option("--api <name>", "the API to call; the default one when it is left out")
      .option("--protocol <protocol>", PROTOCOLS.join(", "), "rest")
      .option("--requests <count>", "ends after so many calls")
      .option("--duration <duration>", "ends after so long; 10s unless --requests is given")
      .option("--concurrency <count>", "calls at once, each over a connection of its own", "16")
      .option("--rate <per-second>", "calls a second to send; latency counts from when each was due")
      .option("--timeout <duration>", "a call without an answer in this time has failed", "30s")
      .option("--unbounded", "allows more than 1000000 calls, 10m, 256 at once or 50000/s")
      .option("--data <file>", "body to send over rest, in place of golden examples or a made-up one")
      .option("--shape <name=sizes...>", "shape of an input to make up: x=1,3,48,192")
      .option("--token <token>", "bearer token; other users of the machine see arguments, --token-file hides it")
      .option("--token-file <file>", "file with a bearer token, - for standard input")
      .option("--api-key <key>", "API key")
      .option("--user <name>", "user, whose password is asked for or read from standard input")
      .option("--header <header...>", "further header, as name: value")
      .option("--ca <file>", "authorities to trust in place of the known ones (PEM)")
      .option("--json", "print the figures as JSON")
      .action(run);
  },
};

async function run(given: string | undefined, flags: Flags): Promise<void> {
  sendConsoleToStderr();
  const protocol = PROTOCOLS.find((known) => known === flags.protocol);
  if (protocol === undefined)
    throw wrongUsage(`--protocol: expected ${PROTOCOLS.join(", ")}, got ${JSON.stringify(flags.protocol)}`);
  if (flags.data !== undefined && protocol !== "rest") throw wrongUsage("--data is for --protocol rest");
  const load = parseLoad(flags);
  const own = parseHeaders(flags.header ?? []);
  const shapes = parseShapes(flags.shape ?? []);
  const places = parsePlaces(flags, protocol);
  const benched = await benchedOf(given, flags, protocol);
  const { projectDir } = benched;
  const { config } = await refuse(() => loadConfig({ env: process.env, projectDir }));
  const headers = { ...(await credentialHeader(flags, config)), ...own };
  const ca = flags.ca === undefined ? undefined : await readAuthorities(flags.ca);
  const { data } = flags;
  const order = { ...benched, protocol, data, shapes, headers, ca, load };
  const result = await interruptible(
    (signal) => benchServed({ ...order, signal }, places, benched),
    "interrupted before a call was sent",
  );
  report(result, { json: flags.json ?? false, human: benchLines });
  process.exitCode = result.succeeded > 0 ? EXIT.done : EXIT.failed;
}

async function readAuthorities(file: string): Promise<string> {
  const pem = await readFile(file, "utf8").catch((cause: unknown) => {
    throw failed(`--ca: there is no readable file ${file}`, cause);
  });
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) throw failed(`--ca: ${file} holds no certificate in PEM`);
  return pem;
}

type Places = Pick<BenchOrder, "url" | "grpcUrl" | "adminUrl" | "isAdminNamed">;

/** Where the server is that runs already; undefined where one is to be started. */
function parsePlaces(flags: Flags, protocol: BenchProtocol): Places | undefined {
  const { allowRemote = false, grpc, admin } = flags;
  if (flags.url === undefined) {
    if ((grpc ?? admin) !== undefined) throw wrongUsage("--grpc and --admin are for a running server: --url");
    return undefined;
  }
  const url = parseBenchUrl("--url", flags.url, { allowRemote });
  if (protocol === "v2-grpc" && grpc === undefined) throw wrongUsage("--grpc: expected host:port of the gRPC of --url");
  const isNear = isLoopback(url.hostname.replace(/^\[|\]$/g, ""));
  const adminText = admin ?? (isNear ? "http://127.0.0.1:3002" : undefined);
  return {
    url,
    grpcUrl: grpc === undefined ? undefined : parseBenchUrl("--grpc", `${url.protocol}//${grpc}`, { allowRemote }),
    adminUrl: adminText === undefined ? undefined : parseBenchUrl("--admin", adminText, { allowRemote }),
    isAdminNamed: admin !== undefined,
  };
}

async function benchedOf(given: string | undefined, flags: Flags, protocol: BenchProtocol): Promise<Benched> {
  const { url, api, data } = flags;
  const isEnough = url !== undefined && api !== undefined && (protocol !== "rest" || data !== undefined);
  if (given !== undefined || !isEnough) return openBenched(given, api);
  const serve = (): never => {
    throw wrongUsage("a server that runs is not started");
  };
  return { api: undefined, apiName: api, baseDir: ".", projectDir: undefined, serve };
}

async function benchServed(
  order: Omit<BenchOrder, keyof Places>,
  places: Places | undefined,
  { serve }: Benched,
): Promise<BenchReport> {
  if (places !== undefined) return runBench({ ...order, ...places });
  // Ctrl-C ends the start of a server, and later the load alone: its metrics are looked at last.
  const starting = new AbortController();
  const stop = (): void => starting.abort(order.signal.reason);
  order.signal.addEventListener("abort", stop, { once: true });
  let server: ExampleServer | undefined;
  try {
    server = await serve(starting.signal);
    order.signal.removeEventListener("abort", stop);
    const { url, grpcAddress, adminUrl } = server;
    return await runBench({
      ...order,
      url: new URL(url),
      grpcUrl: grpcAddress === undefined ? undefined : new URL(`http://${grpcAddress}`),
      adminUrl: adminUrl === undefined ? undefined : new URL(adminUrl),
      isAdminNamed: false,
    });
  } finally {
    await server?.stop();
  }
}
