/** Ports that a server is given, and a folder for what it writes. */
export interface PeerPlace {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
  readonly scratch: string;
}

/** A server of others, as its own documentation advises to run it. */
export interface Peer {
  readonly name: string;
  /** Folder beside this file: its service and the exact versions of its packages. */
  readonly folder: "bentoml" | "mlserver" | "kserve" | "litserve" | "fastapi";
  /** The package whose version is told. */
  readonly pypi: string;
  /** How it is configured, for the report. */
  readonly configuration: string;
  /** A program of its virtual environment, and arguments. */
  command(place: PeerPlace): readonly string[];
  env?(place: PeerPlace): Readonly<Record<string, string>>;
  readonly path: string;
  readonly body: string;
  readonly rows: readonly PeerRow[];
}

/** Ways to call a server. */
export const ROUTES = ["native", "v2", "grpc"] as const;
export type Route = (typeof ROUTES)[number];

/** What is measured: one of its routes beside one of ours. */
export interface PeerRow {
  readonly label: string;
  readonly theirs: Route;
  readonly ours: Route;
  /** How many times our CPU per request its should be; undefined where the product aims at nothing. */
  readonly atLeast: number | undefined;
}

/** The row of numbers that every server is asked about. */
export const ROW = [5.1, 3.5, 1.4, 0.2] as const;
const nested = JSON.stringify({ x: [ROW] });
const v2 = JSON.stringify({ id: "1", inputs: [{ name: "x", shape: [1, 4], datatype: "FP32", data: ROW }] });

/** Path and body of each route of ours that others stand beside. */
export const OUR_SHOTS = {
  native: { path: "/predict", body: nested },
  v2: { path: "/v2/models/predict/infer", body: v2 },
} as const;

function serveBento(service: string, { http }: PeerPlace): readonly string[] {
  const flags = ["--host", "127.0.0.1", "--port", String(http), "--do-not-track"];
  return ["bentoml", "serve", `service:${service}`, ...flags];
}

const bentoEnv = ({ scratch }: PeerPlace): Readonly<Record<string, string>> => ({
  BENTOML_HOME: scratch,
  BENTOML_DO_NOT_TRACK: "true",
});
const mlserverEnv = (place: PeerPlace): Readonly<Record<string, string>> => ({
  MLSERVER_HOST: "127.0.0.1",
  MLSERVER_HTTP_PORT: String(place.http),
  MLSERVER_GRPC_PORT: String(place.grpc),
  MLSERVER_METRICS_PORT: String(place.metrics),
  MLSERVER_METRICS_DIR: place.scratch,
  MLSERVER_ENVIRONMENTS_DIR: place.scratch,
});

/** Every peer; each has one worker and one thread for a run of the model. */
export const PEERS: readonly Peer[] = [
  {
    name: "BentoML, defaults",
    folder: "bentoml",
    pypi: "bentoml",
    configuration: "`bentoml serve`, method without async; access log and metrics are on",
    command: (place) => serveBento("Defaults", place),
    env: bentoEnv,
    ...OUR_SHOTS.native,
    rows: [{ label: "JSON", theirs: "native", ours: "native", atLeast: 20 }],
  },
  {
    name: "BentoML, tuned",
    folder: "bentoml",
    pypi: "bentoml",
    configuration: "the same with an async method on uvloop, access log and metrics off",
    command: (place) => serveBento("Tuned", place),
    env: bentoEnv,
    ...OUR_SHOTS.native,
    rows: [{ label: "JSON", theirs: "native", ours: "native", atLeast: 8 }],
  },
  {
    name: "MLServer",
    folder: "mlserver",
    pypi: "mlserver",
    configuration: "`mlserver start`, custom runtime; one process for inference, as by default",
    command: () => ["mlserver", "start", "."],
    env: mlserverEnv,
    ...OUR_SHOTS.v2,
    rows: [{ label: "V2 REST", theirs: "v2", ours: "v2", atLeast: 10 }],
  },
  {
    name: "MLServer, no pool",
    folder: "mlserver",
    pypi: "mlserver",
    configuration: "the same with `parallel_workers` 0: inference in the server's process",
    command: () => ["mlserver", "start", "."],
    env: (place) => ({ ...mlserverEnv(place), MLSERVER_PARALLEL_WORKERS: "0" }),
    ...OUR_SHOTS.v2,
    rows: [{ label: "V2 REST", theirs: "v2", ours: "v2", atLeast: undefined }],
  },
  {
    name: "KServe",
    folder: "kserve",
    pypi: "kserve",
    configuration: "`ModelServer().start([model])` with a custom model; one worker, as by default",
    command: ({ http, grpc }) => ["python", "model.py", "--http_port", String(http), "--grpc_port", String(grpc)],
    ...OUR_SHOTS.v2,
    rows: [
      { label: "V2 REST", theirs: "v2", ours: "v2", atLeast: 6 },
      { label: "its gRPC beside our JSON", theirs: "grpc", ours: "native", atLeast: 4 },
      { label: "gRPC ModelInfer, raw", theirs: "grpc", ours: "grpc", atLeast: undefined },
    ],
  },
  {
    name: "LitServe",
    folder: "litserve",
    pypi: "litserve",
    configuration: '`LitServer(api, accelerator="cpu")`; one worker and one API server, as by default',
    command: ({ http }) => ["python", "server.py", String(http)],
    ...OUR_SHOTS.native,
    rows: [{ label: "JSON", theirs: "native", ours: "native", atLeast: 10 }],
  },
  {
    name: "FastAPI by hand",
    folder: "fastapi",
    pypi: "fastapi",
    configuration: "uvicorn[standard] without access log, async handler, pydantic in, orjson out",
    command: ({ http }) => ["uvicorn", "main:app", "--host", "127.0.0.1", "--port", String(http), "--no-access-log"],
    ...OUR_SHOTS.native,
    rows: [{ label: "JSON", theirs: "native", ours: "native", atLeast: 1.7 }],
  },
];
