import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";

/** Where an authority asks for the answer to its challenge. Source: RFC 8555, section 8.3. */
export const ACME_PREFIX = "/.well-known/acme-challenge/";

/** The answer holds a token and a thumbprint, both of less than 100 characters. */
const MAX_BYTES = 1024;
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;

/** The answer to a challenge, from the file in a folder that has its token's name; undefined for any other name, and for what is no small file inside of the folder. */
export async function readAcmeChallenge(dir: string, token: string): Promise<Buffer | undefined> {
  if (!TOKEN.test(token)) return undefined;
  try {
    // Mounted folders are links themselves; a link that leads out of the folder is not followed.
    const [root, file] = await Promise.all([realpath(dir), realpath(join(dir, token))]);
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    return await readSmallFile(file);
  } catch {
    // Gone, or not ours to read: to who asks it is not there.
    return undefined;
  }
}

async function readSmallFile(path: string): Promise<Buffer | undefined> {
  // Without waiting: a pipe in the folder would hold the reader for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = await handle.stat();
    return info.isFile() && info.size <= MAX_BYTES ? await handle.readFile() : undefined;
  } finally {
    await handle.close();
  }
}
