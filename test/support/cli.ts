import { execFile } from "node:child_process";
import { root } from "./server-process.ts";

/** How a command ended. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and gives its exit code and output, whatever the code is. Rejects when it can't be started or takes longer than five minutes. */
export function run(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: { ...process.env, ...env }, timeout: 300_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(file, [...args], options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ exitCode: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** Runs the built `bento-ts` to its end. */
export function bentoTs(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Finished> {
  return run(process.execPath, [`${root}packages/cli/dist/bin.js`, ...args], env);
}
