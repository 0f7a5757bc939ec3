import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** An issuer of a server that runs now. */
export interface RunningIssuer {
  readonly issuer: string;
  /** For whom its tokens are. */
  readonly audience: string;
  /** Process in which it runs. */
  readonly pid: number;
}

/** Notes an issuer, so that tokens for its server can be made in another shell; gives the function that forgets it. */
export async function noteIssuer(dir: string, issuer: RunningIssuer): Promise<() => Promise<void>> {
  const folder = join(dir, "running");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${issuer.pid}-${new URL(issuer.issuer).port}.json`);
  await writeFile(path, JSON.stringify(issuer), { mode: 0o600 });
  return () => rm(path, { force: true });
}

/** The issuers that were noted and whose process is there; the notes of others, which ended without a word, are removed. */
export async function runningIssuers(dir: string): Promise<readonly RunningIssuer[]> {
  const folder = join(dir, "running");
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map(async (name) => readNote(join(folder, name))),
  );
  return found.filter((issuer) => issuer !== undefined);
}

async function readNote(path: string): Promise<RunningIssuer | undefined> {
  const note = parse(await readFile(path, "utf8").catch(() => ""));
  if (note !== undefined && isAlive(note.pid)) return note;
  await rm(path, { force: true });
  return undefined;
}

function parse(text: string): RunningIssuer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { issuer, audience, pid } = value as Partial<Record<keyof RunningIssuer, unknown>>;
    return typeof issuer === "string" && typeof audience === "string" && typeof pid === "number"
      ? { issuer, audience, pid }
      : undefined;
  } catch {
    // Half-written, or another's: no note.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user is there too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
