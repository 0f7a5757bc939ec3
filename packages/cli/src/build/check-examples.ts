import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import type { StagedBento } from "@bento-ts/packager";
import { CommandError, EXIT, failed } from "../command-error.ts";
import type { ExampleResult } from "../examples/run-example.ts";
import { countExamples, runExamples } from "../examples/run-examples.ts";
import { type ExampleServer, serveForExamples } from "../examples/serve-for-examples.ts";

/** What came of the golden examples of a bento. */
export interface CheckedExamples {
  readonly results: readonly ExampleResult[];
  /** Why they were not run; undefined when they were, or when there are none. */
  readonly skipped?: string;
}

/**
 * Runs the golden examples against a server of the bento itself: its Node, its packages, its models.
 *
 * Throws CommandError that names the first example that fails and what differs most; what the server says when it does not start.
 */
export async function checkExamples({ dir, file }: StagedBento, signal: AbortSignal): Promise<CheckedExamples> {
  if (countExamples(file.definition) === 0) return { results: [] };
  const reason = reasonToSkip(file);
  if (reason !== undefined) return { results: [], skipped: `golden examples were not run: ${reason}` };
  let server: ExampleServer;
  try {
    server = await serveForExamples(dir, { nodePath: join(dir, "node/bin/node"), env: plainEnv(), signal });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    // The configuration of the place where it will run has to give what is missing.
    if (cause.exitCode === EXIT.refused)
      return { results: [], skipped: `golden examples were not run: ${cause.message}` };
    throw failed(`the bento's server did not start for its golden examples: ${cause.message}`, cause);
  }
  try {
    const place = { url: server.url, baseDir: join(dir, dirname(file.entry)), signal };
    const results = await runExamples(file.definition, place);
    await server.stop();
    assertAllOk(results, server);
    return { results };
  } finally {
    await server.stop();
  }
}

/** Why this machine can't tell what a container will answer. */
function reasonToSkip({ platform: wanted, models }: StagedBento["file"]): string | undefined {
  const own = `${platform()}/${arch() === "x64" ? "amd64" : arch()}`;
  if (own !== wanted)
    return `the bento is for ${wanted} and this machine is ${own}; "bento-ts test IMAGE" runs them there`;
  const mounted = models.find(({ path }) => path === null);
  return mounted === undefined ? undefined : `model "${mounted.source}" is mounted where the bento runs`;
}

/** What the shell of the one who builds says of a server must not decide what goes into an image. */
function plainEnv(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("BENTO_"));
  return Object.fromEntries(own);
}

function assertAllOk(results: readonly ExampleResult[], server: ExampleServer): void {
  const bad = results.filter(({ ok }) => !ok);
  const [first] = bad;
  if (first === undefined) return;
  const others = bad.length === 1 ? "" : ` (and ${bad.length - 1} more of ${results.length})`;
  throw failed(
    `golden example "${first.example}" of API "${first.api}" fails${others}: ${differenceOf(first, server)}; mend the code or the example, or build with --no-test`,
  );
}

/** What differs most: the numbers that lie furthest apart where numbers were compared, else the first place. */
function differenceOf({ problems, largest, requestId }: ExampleResult, server: ExampleServer): string {
  const worst = problems.find(({ path }) => path === largest?.path) ?? problems[0];
  const place = worst === undefined || worst.path === "" ? "" : `at ${worst.path} `;
  const [reason = ""] = (requestId === null ? "" : (server.reasonFor(requestId) ?? "")).split("\n");
  return `${place}${worst?.message ?? "no answer"}${reason === "" ? "" : `: ${reason}`}`;
}
