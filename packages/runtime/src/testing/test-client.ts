import type { ServiceClass } from "../authoring/registered-service.ts";
import type { JsonValue } from "../io/types.ts";
import type { LoadedModel } from "../models/types.ts";

export interface TestClientOptions {
  /** Folder against which the service's paths are resolved; default: the current one. */
  readonly baseDir?: string;
  /** Models to use in place of files, by source as the service writes it. */
  readonly models?: Readonly<Record<string, LoadedModel>>;
  /** Configuration as in bento.yaml. */
  readonly config?: Readonly<Record<string, JsonValue>>;
}

/** A reply as a test looks at it. */
export interface TestReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The body as JSON; throws SyntaxError when it is none. */
  json<T = JsonValue>(): T;
}

/** Calls a service in this process, through the whole server but its port. */
export interface TestClient {
  /**
   * `POST /<api>`: objects, lists, numbers, booleans and null are sent as JSON, forms as multipart/form-data, texts as text/plain, bytes as application/octet-stream
   * unless a header says otherwise.
   */
  post(
    api: string,
    body: JsonValue | Uint8Array | FormData,
    headers?: Readonly<Record<string, string>>,
  ): Promise<TestReply>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<TestReply>;
  /** Frees models and runs `onShutdown`. */
  close(): Promise<void>;
}

/**
 * Loads a service class as a worker does (models, warm-up, `onInit`) and gives a client for it; no port is opened.
 *
 * Throws ServingError as the server's start would.
 */
export async function createTestClient(
  serviceClass: ServiceClass,
  options: TestClientOptions = {},
): Promise<TestClient> {
  // Comparing outputs and issuing tokens needs no server: nothing of it is loaded before there is one.
  const { openTestServer } = await import("./open-test-server.ts");
  const { app, close } = await openTestServer(serviceClass, options);
  const send = async (
    method: "GET" | "POST",
    url: string,
    payload: string | Buffer | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<TestReply> => {
    const response = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      bytes: response.rawPayload,
      json: () => JSON.parse(response.body),
    };
  };
  return {
    post: async (api, body, headers = {}) => {
      const [mediaType, payload] = await encode(body);
      return send("POST", `/${api}`, payload, { "content-type": mediaType, ...headers });
    },
    get: (path, headers = {}) => send("GET", path, undefined, headers),
    close,
  };
}

async function encode(body: JsonValue | Uint8Array | FormData): Promise<[string, string | Buffer]> {
  if (body instanceof FormData) {
    const form = new Response(body);
    return [form.headers.get("content-type") ?? "", Buffer.from(await form.arrayBuffer())];
  }
  if (body instanceof Uint8Array) return ["application/octet-stream", Buffer.from(body)];
  if (typeof body === "string") return ["text/plain", body];
  return ["application/json", JSON.stringify(body)];
}
