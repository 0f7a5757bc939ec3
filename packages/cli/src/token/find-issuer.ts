import { type RunningIssuer, runningIssuers } from "@bento-ts/runtime/dev-idp";
import { failed } from "../command-error.ts";

/** The issuer that tokens are made for: the one that a flag names, else the only one that runs on this machine. Throws CommandError when that is nobody, or several. */
export async function findIssuer(
  dir: string,
  flag: string | undefined,
): Promise<Pick<RunningIssuer, "issuer" | "audience">> {
  const running = await runningIssuers(dir);
  const named = flag === undefined ? running : running.filter(({ issuer }) => issuer === flag);
  const [first, second] = named;
  if (second !== undefined) {
    const list = named.map(({ issuer, audience }) => `${issuer} (${audience})`).join(", ");
    throw failed(`several servers run with --dev-idp: name one with --issuer: ${list}`);
  }
  if (first === undefined && flag === undefined)
    throw failed('no server runs with an issuer of its own: start one with "bento-ts serve --dev-idp"');
  return first ?? { issuer: flag ?? "", audience: "" };
}
