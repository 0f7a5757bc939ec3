import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { failed } from "../command-error.ts";

/** More than any password may have. */
const MAX_INPUT_BYTES = 4096;

/**
 * A password from the terminal, unseen and asked for twice where it is to be kept, or all of standard input without its last line end.
 *
 * Throws CommandError for input that is interrupted, differs the second time, is too long or is not UTF-8.
 */
export async function readPassword({ twice }: { readonly twice: boolean }): Promise<string> {
  if (!process.stdin.isTTY) return readInput();
  // Readline echoes to its output: to none. It takes the terminal before anything is asked, and keeps it, so that the terminal echoes nothing either.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  const typed = lines[Symbol.asyncIterator]();
  try {
    const password = await ask("Password: ", typed);
    if (twice && (await ask("Again: ", typed)) !== password)
      throw failed("the two passwords differ: nothing was changed");
    return password;
  } finally {
    lines.close();
  }
}

async function ask(question: string, typed: AsyncIterator<string>): Promise<string> {
  process.stderr.write(question);
  const { value, done } = await typed.next();
  process.stderr.write("\n");
  if (done === true) throw failed("interrupted: nothing was changed");
  return value;
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk as Uint8Array));
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > MAX_INPUT_BYTES) throw failed("standard input: expected a password, got more than 4096 bytes");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(Buffer.concat(chunks))
      .replace(/\r?\n$/, "");
  } catch (cause) {
    throw failed("standard input: expected a password in UTF-8", cause);
  }
}
