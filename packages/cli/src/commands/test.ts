import type { CommandRow } from "../command.ts";
import { EXIT, failed } from "../command-error.ts";
import { resultLines } from "../examples/result-lines.ts";
import { countExamples, runExamples } from "../examples/run-examples.ts";
import { serveForExamples } from "../examples/serve-for-examples.ts";
import { report } from "../output.ts";
import { describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

interface Flags {
  readonly url?: string;
  readonly json?: boolean;
}

/** `bento-ts test`: sends the golden examples to a server and compares what it answers. */
export const test: CommandRow = {
  name: "test",
  summary: "run the golden examples of every API, numbers within their tolerance",
  examples: [
    ["bento-ts test", "against a server of its own, started for this"],
    ["bento-ts test service.ts --url https://models.example.com/boston", "against a server that runs elsewhere"],
    ["bento-ts test --json | jq '.[] | select(.ok | not)'", "what failed, for scripts"],
  ],
  define(command) {
    command
      .argument("[TARGET]", "service file, project folder or bento; the project in this folder when it is left out")
      .option("--url <url>", "base URL of a running server; without it one is started on a free loopback port")
      .option("--json", "print the results as JSON")
      .action(run);
  },
};

async function run(given: string | undefined, { url, json = false }: Flags): Promise<void> {
  sendConsoleToStderr();
  const { definition, baseDir } = await describeService(await findTarget(given));
  if (countExamples(definition) === 0) {
    throw failed(
      `${definition.name} has no golden examples: give an API some, @api({ examples: [{ input, output }] })`,
    );
  }
  const server = url === undefined ? await serveForExamples(given ?? ".") : undefined;
  try {
    const results = await runExamples(definition, { url: (server?.url ?? url ?? "").replace(/\/+$/, ""), baseDir });
    await server?.stop();
    report(results, { json, human: () => resultLines(results, (id) => server?.reasonFor(id)) });
    process.exitCode = results.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
  } finally {
    await server?.stop();
  }
}
