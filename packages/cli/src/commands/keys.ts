import { issueKey, type ListedKey, listKeys, revokeKey } from "@bento-ts/runtime/auth";
import type { CommandRow } from "../command.ts";
import { keyFileOf } from "../keys/key-file-of.ts";
import { keyTable } from "../keys/key-table.ts";
import { parseExpiry } from "../keys/parse-expiry.ts";
import { print, report } from "../output.ts";

interface FileFlags {
  readonly file?: string;
  readonly json?: boolean;
}

interface NewFlags extends FileFlags {
  readonly owner: string;
  readonly group?: readonly string[];
  readonly scope?: readonly string[];
  readonly function?: readonly string[];
  readonly expires?: string;
  readonly prefix: string;
  readonly force?: boolean;
}

/** `bento-ts keys`: the file of API keys. */
export const keys: CommandRow = {
  name: "keys",
  summary: "the file of API keys: new, list, revoke",
  examples: [
    [
      "bento-ts keys new --owner r-team --group ml --expires 90d",
      "prints the key, this once; its digest goes into the file",
    ],
    ["KEY=$(bento-ts keys new --owner ci --function score --file keys.jsonl)", "a key for one API"],
    ["bento-ts keys list", "whose keys there are, and until when"],
    ["bento-ts keys revoke 5f2b8c11d0aa", "a running server refuses the key within 10 s"],
  ],
  define(command) {
    const file = ["--file <file>", "file of keys; default: security.apiKeys.file of bento.yaml"] as const;
    command
      .command("new")
      .description(
        "make a key, print it once and append its digest to the file; an owner has at most two live keys, for rotation",
      )
      .requiredOption("--owner <name>", "who is asked when the key is misused")
      .option("--group <group...>", "groups that its holder is in")
      .option("--scope <scope...>", "scopes that it is granted")
      .option("--function <api...>", "APIs that it may call; default: all that the rules allow")
      .option("--expires <when>", "days or hours from now (90d, 12h), a date or a time; default: never")
      .option("--prefix <text>", "first word of the key, for scanners of secrets", "bento")
      .option("--force", "a third live key")
      .option(...file)
      .option("--json", "print the key with its id as JSON")
      .action(newKey);
    command
      .command("list")
      .description("list the keys, never their digests")
      .option(...file)
      .option("--json", "print the result as JSON")
      .action(list);
    command
      .command("revoke")
      .description("remove a key's line")
      .argument("<ID>", "middle part of the key, first column of the list")
      .option(...file)
      .option("--json", "print the result as JSON")
      .action(revoke);
  },
};

async function newKey({ json = false, ...flags }: NewFlags): Promise<void> {
  const file = await keyFileOf(flags.file);
  const nowMs = Date.now();
  const { owner, prefix, force = false, group = [], scope = [], function: functions, expires } = flags;
  const expiresMs = expires === undefined ? undefined : parseExpiry(expires, nowMs);
  const key = await issueKey(file, { owner, prefix, force, nowMs, groups: group, scopes: scope, functions, expiresMs });
  if (json) report({ id: key.id, key: key.text, file }, { json, human: () => [] });
  else print(key.text);
}

async function list({ file, json = false }: FileFlags): Promise<void> {
  const path = await keyFileOf(file);
  const found = await listKeys(path, Date.now());
  const shown = found.map(({ expiresMs, notBeforeMs, ...key }: ListedKey) => ({
    ...key,
    notBefore: isoOf(notBeforeMs),
    expires: isoOf(expiresMs),
  }));
  report(shown, { json, human: (all) => keyTable(all, path) });
}

async function revoke(id: string, { file, json = false }: FileFlags): Promise<void> {
  const path = await keyFileOf(file);
  await revokeKey(path, id);
  report({ id, file: path }, { json, human: () => [`revoked ${id}; servers that read ${path} refuse it within 10 s`] });
}

function isoOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
