import { CommandError, EXIT } from "../command-error.ts";

/** Runs what reads or checks configuration: when it throws, the command ends with the exit code for a refused configuration. */
export async function refuse<T>(check: () => T | Promise<T>, exitCode: number = EXIT.refused): Promise<T> {
  try {
    return await check();
  } catch (cause) {
    throw new CommandError(exitCode, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
