import { explanationLines } from "../auth/explanation-lines.ts";
import { explainTarget } from "../auth/explain-target.ts";
import { type CredentialFlags, credentialHeader } from "../auth/credential-header.ts";
import type { CommandRow } from "../command.ts";
import { EXIT } from "../command-error.ts";
import { report } from "../output.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";

interface Flags extends CredentialFlags {
  readonly config?: string;
  readonly devIdp?: boolean;
  readonly json?: boolean;
}

/** `bento-ts auth`: who may call what, and why. */
export const auth: CommandRow = {
  name: "auth",
  summary: "explain why a call is allowed or denied",
  examples: [
    [
      "bento-ts auth explain score --token-file token.jwt --config platform.yaml",
      "every step and the clause that decides",
    ],
    [
      "bento-ts token --group ml | bento-ts auth explain score --token-file - --dev-idp",
      "a token of this machine's issuer",
    ],
    ["bento-ts auth explain score && echo open", "whether anybody may call: exit code 0, else 1"],
  ],
  define(command) {
    command
      .command("explain")
      .description("explain whether a caller may call an API; tells names of claims, never values")
      .argument("<API>", "the API to call")
      .argument("[TARGET]", "service file, project folder or bento; the project in this folder when it is left out")
      .option("--token <token>", "bearer token; other users of the machine see arguments, --token-file hides it")
      .option("--token-file <file>", "file with a bearer token, - for standard input")
      .option("--api-key <key>", "API key")
      .option("--user <name>", "user, whose password is asked for or read from standard input")
      .option("--config <file>", "configuration of the platform (YAML), above the project's bento.yaml")
      .option("--dev-idp", "take tokens of this machine's issuers for the service too, as serve --dev-idp does")
      .option("--json", "print the explanation as JSON")
      .action(explain);
  },
};

async function explain(api: string, target: string | undefined, flags: Flags): Promise<void> {
  sendConsoleToStderr();
  const explanation = await explainTarget(target, {
    api,
    configFile: flags.config,
    devIdp: flags.devIdp === true,
    headerFor: (config) => credentialHeader(flags, config),
  });
  report(explanation, { json: flags.json ?? false, human: (told, paint) => explanationLines(told, { api, paint }) });
  process.exitCode = explanation.allowed ? EXIT.done : EXIT.failed;
}
