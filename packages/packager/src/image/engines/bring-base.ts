import { ServingError } from "@bento-ts/runtime/definition";
import { ENGINES } from "./all.ts";
import type { EngineName } from "./engine.ts";
import { type ClientOptions, runClient } from "./run-client.ts";

/** Has the engine fetch the base unless it has it. Throws FAILED_PRECONDITION when it can't be had. */
export async function bringBase(name: EngineName, base: string, { onLine, ...quiet }: ClientOptions): Promise<void> {
  const { inspect, pull } = ENGINES[name];
  const { exitCode: absent } = await runClient(name, inspect(base), quiet);
  if (absent === 0) return;
  const { exitCode, output } = await runClient(name, pull(base), { ...quiet, onLine });
  if (exitCode === 0) return;
  const reason = output.trim().split("\n").at(-1) ?? "";
  throw new ServingError(
    "FAILED_PRECONDITION",
    `the base image "${base}" is not on this machine and can't be fetched: ${reason}`,
  );
}
