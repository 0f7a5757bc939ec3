import { interruptible } from "../build/interruptible.ts";
import type { CommandRow } from "../command.ts";
import { EXIT, failed } from "../command-error.ts";
import { resultLines } from "../examples/result-lines.ts";
import { countExamples, runExamples } from "../examples/run-examples.ts";
import { openTested } from "../examples/open-tested.ts";
import type { ExampleServer } from "../examples/serve-for-examples.ts";
import { report } from "../output.ts";
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
    ["bento-ts test boston:1.4.0", "against a container of an image, as strictly shut in as a cluster would"],
    ["bento-ts test --json | jq '.[] | select(.ok | not)'", "what failed, for scripts"],
  ],
  define(command) {
    command
      .argument(
        "[TARGET]",
        "service file, project folder or bento; else the tag of a stored bento; else an image of docker or podman",
      )
      .option("--url <url>", "base URL of a running server; without it one is started on a free loopback port")
      .option("--json", "print the results as JSON")
      .action(run);
  },
};

async function run(given: string | undefined, { url, json = false }: Flags): Promise<void> {
  sendConsoleToStderr();
  await interruptible(async (signal) => {
    const tested = await openTested(given, signal);
    let server: ExampleServer | undefined;
    try {
      const { definition, baseDir } = tested;
      if (countExamples(definition) === 0) {
        throw failed(
          `${definition.name} has no golden examples: give an API some, @api({ examples: [{ input, output }] })`,
        );
      }
      server = url === undefined ? await tested.serve() : undefined;
      const place = { url: (server?.url ?? url ?? "").replace(/\/+$/, ""), baseDir, signal };
      const results = await runExamples(definition, place);
      await server?.stop();
      report(results, { json, human: () => resultLines(results, (id) => server?.reasonFor(id)) });
      process.exitCode = results.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
    } finally {
      await server?.stop();
      await tested.close();
    }
  });
}
