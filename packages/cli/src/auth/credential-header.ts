import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Config } from "@bento-ts/runtime/config";
import { failed, wrongUsage } from "../command-error.ts";
import { readPassword } from "../htpasswd/read-password.ts";

export interface CredentialFlags {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly apiKey?: string;
  readonly user?: string;
}

/** The header in which a credential travels, none for no credential. Throws CommandError for several, and for a file that can't be read. */
export async function credentialHeader(
  flags: CredentialFlags,
  config: Config,
): Promise<Readonly<Record<string, string>>> {
  const { token, tokenFile, apiKey, user } = flags;
  if ([token, tokenFile, apiKey, user].filter((given) => given !== undefined).length > 1)
    throw wrongUsage("one credential: --token, --token-file, --api-key or --user");
  if (apiKey !== undefined) return { [config.security.apiKeys?.header ?? "x-api-key"]: apiKey };
  if (user !== undefined) {
    const credential = `${user}:${await readPassword({ twice: false })}`;
    return { authorization: `Basic ${Buffer.from(credential).toString("base64")}` };
  }
  if (tokenFile !== undefined) return bearer(await readToken(tokenFile));
  return token === undefined ? {} : bearer(token);
}

async function readToken(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw failed(`--token-file: there is no readable file ${file}`, cause);
  });
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token.trim()}` };
}
