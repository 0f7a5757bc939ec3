import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { diskFault } from "../files/disk-fault.ts";
import { isInUse, OWN_MARK } from "../files/process-mark.ts";
import type { BentoLayout } from "./store-layout.ts";

/** Gives `work` an empty folder on the store's own disk and removes it with all that was not moved out of it. */
export async function withStage<T>({ tmp }: BentoLayout, work: (stage: string) => Promise<T>): Promise<T> {
  const stage = join(tmp, `${OWN_MARK}-${randomUUID()}`);
  try {
    await mkdir(stage, { recursive: true });
    return await work(stage);
  } catch (cause) {
    throw diskFault(cause, tmp);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Removes what processes that were killed have left behind. */
export async function removeAbandoned({ tmp }: BentoLayout): Promise<void> {
  for (const name of await readdir(tmp).catch(() => [])) {
    if (!(await isInUse(join(tmp, name), name))) await rm(join(tmp, name), { recursive: true, force: true });
  }
}
