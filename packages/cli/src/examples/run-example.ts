import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { ApiDefinition, ExampleDefinition, ExampleValue } from "@bento-ts/runtime/definition";
import type { OutputComparison } from "@bento-ts/runtime/testing";
import { failed } from "../command-error.ts";
import { compareBytes, compareTexts } from "./compare-content.ts";
import { mediaTypeOfFile } from "./media-type.ts";
import { parseExactJson } from "./parse-exact-json.ts";
import { valuesOfStream } from "./stream-values.ts";

/** How one golden example went. */
export interface ExampleResult {
  readonly api: string;
  readonly example: string;
  readonly ok: boolean;
  readonly tolerance: number;
  /** Status of the reply, null when none came. */
  readonly status: number | null;
  /** The numbers that lie furthest apart, within the tolerance or not; null when no numbers were compared. */
  readonly largest: NonNullable<OutputComparison["largest"]> | null;
  /** What differs or went wrong, by place; the first 20 of `total`. */
  readonly problems: OutputComparison["problems"];
  readonly total: number;
  /** Under which the server's log tells of the call. */
  readonly requestId: string | null;
}

/** Where an example is run. */
export interface ExamplePlace {
  /** Base URL of the server. */
  readonly url: string;
  /** Folder that its files' paths mean. */
  readonly baseDir: string;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** A call that takes longer has failed; a slow model on a busy machine has not. */
const PATIENCE_MS = 300_000;

/** Sends the input of a golden example to a server and compares what comes back. Never throws: what goes wrong is in the result. */
export async function runExample(
  api: ApiDefinition,
  example: ExampleDefinition,
  place: ExamplePlace,
): Promise<ExampleResult> {
  const base = { api: api.name, example: example.name, tolerance: example.tolerance };
  const wrong = (message: string, reply?: Response): ExampleResult => ({
    ...base,
    ok: false,
    status: reply?.status ?? null,
    largest: null,
    problems: [{ path: "", message }],
    total: 1,
    requestId: reply?.headers.get("x-request-id") ?? null,
  });
  try {
    const body = await readValue(example.input, place.baseDir);
    const expected = example.output === null ? null : await readValue(example.output, place.baseDir);
    const mediaType = "file" in example.input ? mediaTypeOfFile(example.input.file, api.input) : "application/json";
    const reply = await fetch(`${place.url}/${api.name}`, {
      method: "POST",
      headers: { "content-type": mediaType, accept: acceptOf(api, example.output) },
      body,
      signal: AbortSignal.any([
        AbortSignal.timeout(PATIENCE_MS),
        ...(place.signal === undefined ? [] : [place.signal]),
      ]),
    });
    const got = new Uint8Array(await reply.arrayBuffer());
    if (!reply.ok) return wrong(`expected status 200, got ${reply.status}: ${detailOf(got)}`, reply);
    const comparison = expected === null ? AS_EXPECTED : await compareReply({ api, example, got, expected });
    const { equal: ok, problems, total, largest = null } = comparison;
    return {
      ...base,
      ok,
      status: reply.status,
      largest,
      problems,
      total,
      requestId: reply.headers.get("x-request-id"),
    };
  } catch (cause) {
    return wrong(reasonOf(cause));
  }
}

const AS_EXPECTED: OutputComparison = { equal: true, problems: [], total: 0, largest: undefined };

/** The bytes of an example's input or output. Throws CommandError for a file that can't be read. */
export async function readValue(value: ExampleValue, baseDir: string): Promise<Uint8Array<ArrayBuffer>> {
  if ("json" in value) return new TextEncoder().encode(JSON.stringify(value.json));
  try {
    return new Uint8Array(await readFile(join(baseDir, value.file)));
  } catch (cause) {
    throw failed(`there is no readable file ${value.file}`, cause);
  }
}

function acceptOf(api: ApiDefinition, output: ExampleValue | null): string {
  if (api.stream) return "application/x-ndjson";
  if (output === null) return "*/*";
  if ("json" in output) return "application/json";
  const type = { ".json": "application/json", ".txt": "text/plain" }[endingOf(output.file)];
  return type ?? "*/*";
}

async function compareReply(compared: {
  readonly api: ApiDefinition;
  readonly example: ExampleDefinition;
  readonly got: Uint8Array;
  readonly expected: Uint8Array;
}): Promise<OutputComparison> {
  const { api, example, got, expected } = compared;
  const { output } = example;
  const ending = output === null || "json" in output ? ".json" : endingOf(output.file);
  if (ending === ".txt") return compareTexts(textOf(got), textOf(expected));
  if (ending !== ".json" && !api.stream) return compareBytes(got, expected);
  const { compareOutputs } = await import("@bento-ts/runtime/testing");
  const value = api.stream ? valuesOfStream(textOf(got)) : parseExactJson(textOf(got));
  return compareOutputs(value, parseExactJson(textOf(expected)), { tolerance: example.tolerance });
}

function endingOf(path: string): string {
  return extname(path).toLowerCase();
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

const MAX_DETAIL = 500;

/** What an error reply says, in a line. */
export function detailOf(body: Uint8Array): string {
  const text = textOf(body);
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === "object" && problem !== null && "detail" in problem) return String(problem.detail);
  } catch {
    // No problem details: another server may stand before ours.
  }
  return text.slice(0, MAX_DETAIL);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // fetch says "fetch failed" and keeps the reason to itself.
  return cause.cause instanceof Error && cause.message === "fetch failed" ? cause.cause.message : cause.message;
}
