import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CORPUS } from "./corpus.ts";
import type { HostileRequest } from "./corpus/hostile-request.ts";
import { GOOD } from "./good-calls.ts";
import { type RawReply, sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";
import { Victim } from "./victim.ts";

/** What no reply may hold: stacks, paths, names of what the server is built of. */
const LEAK =
  /node_modules|\bat \S+ \(|\n\s+at |\.[cm]?[tj]s:\d|Error:|\/work\b|\/tmp\b|\bfastify\b|\bFST_|\bort\b|onnx|\bsharp\b|vips|busboy|dicer|\bajv\b|typebox|\bzod\b|libpng|\bERR_|\[object/i;

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

let victim: RunningVictim;
const warnings: string[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning.message);
const prototypeNames = (): string[] => [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Array.prototype),
];
const namesBefore = prototypeNames();
// A folder of its own: other processes on this machine spool as well.
const spoolFolder = mkdtempSync(join(tmpdir(), "bento-hostile-"));

beforeAll(async () => {
  process.on("warning", onWarning);
  vi.stubEnv("TMPDIR", spoolFolder);
  victim = await startVictim(Victim);
});
afterAll(async () => {
  process.off("warning", onWarning);
  await victim.stop();
  vi.unstubAllEnvs();
  rmSync(spoolFolder, { recursive: true });
});

/** What a reply says of what is wrong, undefined when it has not the shape of the path's protocol. */
function wordsOf(path: string, reply: RawReply): string | undefined {
  if (/^\/v[12](?:\/|$)/.test(path)) return errorWords(reply);
  return /^\/(?:predict|api\/v1\.0\/predictions)$/.test(path) ? seldonWords(reply) : problemWords(reply);
}

function seldonWords({ headers, text }: RawReply): string | undefined {
  if (headers.get("content-type") !== "application/json") return undefined;
  const { status, ...others } = JSON.parse(text) as { readonly status: Readonly<Record<string, unknown>> };
  if (status["status"] !== 1 || Object.keys(others).length > 0) return undefined;
  return `${String(status["reason"])}: ${String(status["info"])}`;
}

/** Of the protocols that tell an error as `{"error": text}`. */
function errorWords({ headers, text }: RawReply): string | undefined {
  if (headers.get("content-type") !== "application/json") return undefined;
  const { error, ...others } = JSON.parse(text) as { readonly error: string };
  return error.length < 10 || Object.keys(others).length > 0 ? undefined : error;
}

function problemWords({ status, headers, text }: RawReply): string | undefined {
  if (headers.get("content-type") !== "application/problem+json") return undefined;
  const problem = JSON.parse(text) as Problem;
  const { detail, title, requestId, errors = [] } = problem;
  if (problem.status !== status || detail.length < 10 || title === "") return undefined;
  if (requestId === "" || requestId !== headers.get("x-request-id")) return undefined;
  return [detail, ...errors.map(({ path, message }) => `${path} ${message}`)].join("\n");
}

/** What is wrong with the answer to a hostile request, undefined when it is right. */
async function faultOf(request: HostileRequest): Promise<string | undefined> {
  const body = typeof request.body === "function" ? request.body() : (request.body ?? "");
  const { replies, closed } = await sendRaw(toWire({ ...request, body }), { port: victim.port, withinMs: 20_000 });
  const [reply] = replies;
  if (reply === undefined || replies.length !== 1) return `${replies.length} replies`;
  if (!closed) return "the connection stayed open";
  const text = `${[...reply.headers].map(([name, value]) => `${name}: ${value}`).join("\n")}\n\n${reply.text}`;
  if (reply.status !== request.status)
    return `status ${reply.status} in place of ${request.status}: ${reply.text.slice(0, 300)}`;
  const words = wordsOf(request.path, reply);
  if (words === undefined) return `not in the shape of its protocol, or without substance: ${text}`;
  if (!request.says.test(words)) return `does not say ${request.says}: ${words.slice(0, 500)}`;
  const leak = LEAK.exec(text);
  // The caller's own words are no secret.
  return leak === null || Buffer.from(body).includes(leak[0]) ? undefined : `tells ${JSON.stringify(leak[0])}: ${text}`;
}

describe("the corpus", () => {
  it("holds a thousand requests at least, each of its own", () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(1_000);
    const names = CORPUS.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it("is refused, one by one, with a 4xx that says what is wrong and where", { timeout: 120_000 }, async () => {
    const faults: string[] = [];
    const waiting = CORPUS.values();
    const worker = async (): Promise<void> => {
      for (const request of waiting) {
        const fault = await faultOf(request);
        if (fault !== undefined) faults.push(`${request.name}: ${fault}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    expect(faults).toEqual([]);
  });

  it("leaves nothing behind: no failure in the log, no place taken, no file, no warning, clean prototypes", () => {
    expect(victim.logLines).toEqual([]);
    expect(victim.admission).toMatchObject({ running: 0, waiting: 0 });
    expect(readdirSync(spoolFolder)).toEqual([]);
    expect(warnings).toEqual([]);
    expect(prototypeNames()).toEqual(namesBefore);
    expect(Object.keys({})).toEqual([]);
  });

  it.each(Object.entries(GOOD))("does not keep a good call from being served: %s", async (_name, good) => {
    const { replies } = await sendRaw(
      toWire({ path: good.path, headers: [["content-type", good.contentType]], body: good.body }),
      { port: victim.port },
    );
    expect(replies[0]?.status).toBe(200);
  });
});
