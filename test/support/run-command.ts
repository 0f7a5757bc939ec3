import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./server-process.ts";

/** The built command. */
export const bin = `${root}packages/cli/dist/bin.js`;

/** How a command ended and what it wrote. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `bento-ts` with some arguments to its end. */
export async function bentoTs(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  return run(process.execPath, [bin, ...args], options);
}

/** Runs a program to its end. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  const child = start(file, args, options);
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Starts a program with the workspace's Node in its path; nothing of a terminal, whatever the test itself runs on. */
export function start(file: string, args: readonly string[], { cwd = root, env = {} }: RunOptions = {}): ChildProcess {
  // What npm and vitest add for the workspace must not help a project elsewhere.
  const others = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.endsWith("/node_modules/.bin"));
  const path = [dirname(process.execPath), ...others].join(":");
  const base = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|FORCE_COLOR|npm_|INIT_CWD|CI$)/.test(name)),
  );
  return spawn(file, [...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...base, PATH: path, NODE_ENV: "production", ...env },
  });
}

/** Gathers the text of a stream; gives the function that tells it so far. */
export function gather(stream: ChildProcess["stdout"]): () => string {
  let text = "";
  stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

/** Waits until what a program has written shows something; rejects when the program ends before. */
export async function until(child: ChildProcess, isShown: () => boolean): Promise<void> {
  while (!isShown()) {
    const ended = once(child, "close").then(() => {
      throw new Error("the program ended before it wrote what was awaited");
    });
    const wrote = [child.stdout, child.stderr].flatMap((stream) => (stream === null ? [] : [once(stream, "data")]));
    await Promise.race([...wrote, ended]);
  }
}

/** Makes a folder with some files in which `@bento-ts/runtime` is installed. */
export function makeProject(files: Readonly<Record<string, string>>): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "bento-ts-project-")));
  mkdirSync(join(dir, "node_modules/@bento-ts"), { recursive: true });
  symlinkSync(`${root}packages/runtime`, join(dir, "node_modules/@bento-ts/runtime"));
  put(dir, files);
  return dir;
}

/** Writes files into a folder. */
export function put(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}
