import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../types.ts";
import type { KeyEvent } from "./key-source.ts";

/** A key pair of an issuer made for one test. */
export interface TestKey {
  readonly alg: "RS256" | "PS256" | "ES256" | "EdDSA";
  readonly kid: string | undefined;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As it stands in a key set. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

export function createTestKey(alg: TestKey["alg"], kid?: string): TestKey {
  const pair =
    alg === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : alg === "EdDSA"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    alg,
    kid,
    ...pair,
    jwk: { ...pair.publicKey.export({ format: "jwk" }), ...(kid === undefined ? {} : { kid }) },
  };
}

/** Base64url of a text, or of the JSON of anything else. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** A compact JWS with any header and claims; a text stands as it is. */
export function signToken(key: TestKey, claims: unknown, header: unknown = headerOf(key)): string {
  return signInput(key, `${part(header)}.${part(claims)}`);
}

/** Signs header and claims as they are written. */
export function signInput(key: TestKey, input: string): string {
  return `${input}.${signatureOf(key, Buffer.from(input)).toString("base64url")}`;
}

export function headerOf({ alg, kid }: TestKey): Readonly<Record<string, unknown>> {
  return { alg, typ: "JWT", ...(kid === undefined ? {} : { kid }) };
}

function signatureOf({ alg, privateKey: key }: TestKey, data: Buffer): Buffer {
  if (alg === "EdDSA") return sign(null, data, key);
  if (alg === "ES256") return sign("sha256", data, { key, dsaEncoding: "ieee-p1363" });
  if (alg === "PS256") return sign("sha256", data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  return sign("sha256", data, key);
}

/** Time that passes when a test says so. */
export class TestClock implements Clock {
  #now: number;
  readonly #runs = new Set<{ readonly atMs: number; readonly run: () => void }>();

  constructor(nowMs: number) {
    this.#now = nowMs;
  }

  now(): number {
    return this.#now;
  }

  schedule(run: () => void, delayMs: number): () => void {
    const entry = { atMs: this.#now + delayMs, run };
    this.#runs.add(entry);
    return () => void this.#runs.delete(entry);
  }

  /** Lets time pass; what falls due runs in its order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#runs].filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#runs.delete(next);
      this.#now = next.atMs;
      next.run();
    }
    this.#now = end;
  }

  get scheduled(): number {
    return this.#runs.size;
  }
}

/** Key events in their order; each can be waited for. */
export class KeyEvents {
  readonly seen: KeyEvent[] = [];
  #taken = 0;
  #wake: () => void = () => undefined;

  readonly add = (event: KeyEvent): void => {
    this.seen.push(event);
    this.#wake();
  };

  async next(): Promise<KeyEvent> {
    while (this.seen.length <= this.#taken) await new Promise<void>((resolve) => (this.#wake = resolve));
    const event = this.seen[this.#taken];
    this.#taken += 1;
    if (event === undefined) throw new Error("no event");
    return event;
  }
}

/** An issuer's web server on loopback; `answer` may be replaced at any time. */
export interface TestIdp {
  readonly origin: string;
  /** Requests in their order. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function startTestIdp(answer: TestIdp["answer"]): Promise<TestIdp> {
  const requests: TestIdp["requests"] = [];
  const server: Server = createServer((request, response) => {
    requests.push({ path: request.url ?? "", authorization: request.headers.authorization });
    idp.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const idp: TestIdp = {
    origin: `http://127.0.0.1:${port}`,
    requests,
    answer,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return idp;
}

/** Answers with a key set. */
export function serveKeys(keys: readonly unknown[], headers: Readonly<Record<string, string>> = {}): TestIdp["answer"] {
  return (_, response) =>
    void response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify({ keys }));
}
