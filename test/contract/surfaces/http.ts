import type { Addresses, Answer, CallOptions, Surface } from "./surface.ts";

type Rows = readonly (readonly number[])[];

interface HttpRow {
  readonly name: string;
  readonly protocol: string;
  path(model: string): string;
  body(rows: Rows): { readonly body: string | Buffer | FormData; readonly headers?: Readonly<Record<string, string>> };
  /** Takes the numbers out of a good reply. */
  values(reply: Reply): readonly number[];
  /** Takes the text out of an error; throws when the shape is not the protocol's. */
  error(json: unknown): string;
}

interface Reply {
  readonly json: unknown;
  readonly bytes: Buffer;
  readonly headers: Headers;
}

const JSON_TYPE = { "content-type": "application/json" };

const ROWS: readonly HttpRow[] = [
  {
    name: "native REST",
    protocol: "native",
    path: () => "/double",
    body: (rows) => ({ body: JSON.stringify(rows), headers: JSON_TYPE }),
    values: ({ json }) => flat(json),
    error: (json) => textAt(json, "detail"),
  },
  {
    name: "V2 REST, JSON",
    protocol: "v2",
    path: (model) => `/v2/models/${model}/infer`,
    body: (rows) => ({ body: JSON.stringify({ inputs: [{ ...tensorOf(rows), data: rows.flat() }] }) }),
    values: ({ json }) => flat(at(json, "outputs", 0, "data")),
    error: (json) => textAt(json, "error"),
  },
  {
    name: "V2 REST, binary",
    protocol: "v2",
    path: (model) => `/v2/models/${model}/infer`,
    body: binaryBody,
    values: ({ bytes, headers }) => {
      const start = Number(headers.get("inference-header-content-length"));
      return floats(bytes.subarray(start));
    },
    error: (json) => textAt(json, "error"),
  },
  {
    name: "KServe V1",
    protocol: "kserveV1",
    path: (model) => `/v1/models/${model}:predict`,
    body: (rows) => ({ body: JSON.stringify({ instances: rows }), headers: JSON_TYPE }),
    values: ({ json }) => flat(at(json, "predictions")),
    error: (json) => textAt(json, "error"),
  },
  {
    name: "TF Serving, columns",
    protocol: "kserveV1",
    path: (model) => `/v1/models/${model}:predict`,
    body: (rows) => ({ body: JSON.stringify({ signature_name: "serving_default", inputs: rows }), headers: JSON_TYPE }),
    values: ({ json }) => flat(at(json, "outputs")),
    error: (json) => textAt(json, "error"),
  },
  seldonRow("Seldon REST, ndarray", (rows) => ({
    body: JSON.stringify({ data: { ndarray: rows } }),
    headers: JSON_TYPE,
  })),
  seldonRow("Seldon REST, tensor", (rows) => ({
    body: JSON.stringify({ data: { tensor: { shape: [rows.length, 2], values: rows.flat() } } }),
    headers: JSON_TYPE,
  })),
  seldonRow("Seldon REST, form", (rows) => ({
    body: new URLSearchParams({ json: JSON.stringify({ data: { ndarray: rows } }) }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  })),
];

/** Every surface over HTTP; `exchange` sends in place of fetch. */
export function httpSurfaces(
  { url }: Pick<Addresses, "url">,
  exchange: (url: string, init: RequestInit) => Promise<Response> = fetch,
): readonly Surface[] {
  return ROWS.map((row) => ({
    name: row.name,
    transport: "http",
    protocol: row.protocol,
    call: (rows, options = {}) => {
      const { body, headers = {} } = row.body(rows);
      const to = `${url}${row.path(options.model ?? "double")}`;
      return send(
        row,
        exchange(to, {
          method: "POST",
          body,
          headers: { ...headers, ...optionHeaders(options) },
          signal: options.signal ?? null,
        }),
      );
    },
    sendBytes: (bytes, options = {}) => {
      const { headers = {} } = row.body([[0, 0]]);
      const init = { method: "POST", body: Buffer.from(bytes), headers: { ...headers, ...optionHeaders(options) } };
      return send(row, exchange(`${url}${row.path("double")}`, init));
    },
    close: () => undefined,
  }));
}

async function send(row: HttpRow, sent: Promise<Response>): Promise<Answer> {
  const reply = await sent;
  const bytes = Buffer.from(await reply.arrayBuffer());
  const isJson = reply.headers.get("content-type")?.includes("json") === true;
  const json: unknown = isJson ? JSON.parse(bytes.toString()) : undefined;
  const facts = { status: reply.status, headers: Object.fromEntries(reply.headers) };
  return reply.ok
    ? { ...facts, error: "", values: row.values({ json, bytes, headers: reply.headers }) }
    : { ...facts, error: row.error(json), values: [] };
}

function optionHeaders({ requestId, timeoutMs, headers }: CallOptions): Record<string, string> {
  return {
    ...headers,
    ...(requestId === undefined ? {} : { "x-request-id": requestId }),
    ...(timeoutMs === undefined ? {} : { "x-request-timeout-ms": String(timeoutMs) }),
  };
}

function seldonRow(name: string, body: HttpRow["body"]): HttpRow {
  return {
    name,
    protocol: "seldon",
    path: () => "/api/v1.0/predictions",
    body,
    values: ({ json }) => {
      const data = at(json, "data");
      return flat(at(data, "ndarray") ?? at(data, "tensor", "values"));
    },
    error: (json) => textAt(at(json, "status"), "info"),
  };
}

function tensorOf(rows: Rows): { readonly name: string; readonly shape: readonly number[]; readonly datatype: string } {
  return { name: "input", shape: [rows.length, 2], datatype: "FP32" };
}

/** JSON, its length in a header, and the little-endian bytes behind it; the output is asked for as bytes too. */
function binaryBody(rows: Rows): ReturnType<HttpRow["body"]> {
  const data = Buffer.from(Float32Array.from(rows.flat()).buffer);
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ ...tensorOf(rows), parameters: { binary_data_size: data.length } }],
      parameters: { binary_data_output: true },
    }),
  );
  return {
    body: Buffer.concat([head, data]),
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(head.length),
    },
  };
}

function floats(bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

function flat(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.flat(Infinity).map(Number) : [];
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

function textAt(json: unknown, key: string): string {
  const text = at(json, key);
  if (typeof text !== "string") throw new Error(`expected an error with "${key}", got ${JSON.stringify(json)}`);
  return text;
}
