import { parseDuration } from "@bento-ts/runtime/config";
import { devClaims, devIdpDir, loadDevKey, signDevToken } from "@bento-ts/runtime/dev-idp";
import type { CommandRow } from "../command.ts";
import { wrongUsage } from "../command-error.ts";
import { print, report } from "../output.ts";
import { findIssuer } from "../token/find-issuer.ts";
import { parseClaims } from "../token/parse-claims.ts";

interface Flags {
  readonly claim?: readonly string[];
  readonly sub?: string;
  readonly aud?: readonly string[];
  readonly group?: readonly string[];
  readonly scope?: readonly string[];
  readonly expiresIn: string;
  readonly issuer?: string;
  readonly json?: boolean;
}

/** `bento-ts token`: a token for a server that runs with `--dev-idp`. */
export const token: CommandRow = {
  name: "token",
  summary: "sign a token for a server of this machine that runs with --dev-idp",
  examples: [
    ["bento-ts token --sub alice --group ml --scope predict", "call as somebody else"],
    [`bento-ts token --claim tenant=ml --claim '/realm/roles=["reader"]'`, "with the claims that rules ask for"],
    ['curl -H "authorization: Bearer $(bento-ts token)" http://127.0.0.1:3000/score', "call as developer"],
    ["bento-ts token --expires-in 1s", "a token that will be refused soon"],
  ],
  define(command) {
    command
      .option("--claim <name=value...>", "a claim, JSON or text; a name with / in front leads into nested ones")
      .option("--sub <name>", 'who calls; default: "developer"')
      .option("--aud <audience...>", "for whom the token is; default: the name of the service")
      .option("--group <group...>", "groups that the caller is in")
      .option("--scope <scope...>", "scopes that the caller was granted")
      .option("--expires-in <duration>", "how long the token holds", "1h")
      .option("--issuer <url>", "which server's issuer, where several run")
      .option("--json", "print the token with its claims as JSON")
      .action(run);
  },
};

async function run({ claim = [], sub, aud, group, scope, expiresIn, json = false, ...flags }: Flags): Promise<void> {
  const expiresInMs = parseDuration(expiresIn);
  if (expiresInMs === undefined)
    throw wrongUsage(`--expires-in: expected a duration such as 1h, got ${JSON.stringify(expiresIn)}`);
  const claims = parseClaims(claim);
  const dir = devIdpDir();
  const { issuer, audience } = await findIssuer(dir, flags.issuer);
  if (audience === "" && aud === undefined)
    throw wrongUsage(`${issuer} does not run on this machine: name the audience with --aud`);
  const all = devClaims({
    issuer,
    audiences: aud ?? [audience],
    nowMs: Date.now(),
    expiresInMs,
    subject: sub,
    groups: group ?? [],
    scopes: scope ?? [],
    claims,
  });
  const signed = await signDevToken(await loadDevKey(dir), all);
  if (json) report({ token: signed, claims: all }, { json, human: () => [] });
  else print(signed);
}
