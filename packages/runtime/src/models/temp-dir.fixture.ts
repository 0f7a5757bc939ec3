import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder that is removed when the test ends; to be called inside of one. */
export async function createTempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "bento-models-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
