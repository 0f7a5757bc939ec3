import { rmSync } from "node:fs";
import { afterEach } from "vitest";
import { makeProject } from "./run-command.ts";
import type { ServerProcess } from "./server-process.ts";

/** What a test has made; all of it is gone when the test ends. */
export interface Projects {
  /** Servers to stop. */
  readonly servers: ServerProcess[];
  /** Makes a project folder with these files. */
  project(files: Readonly<Record<string, string>>): string;
}

/** Projects and servers of the tests of this file. */
export function useProjects(): Projects {
  const servers: ServerProcess[] = [];
  const dirs: string[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });
  const project: Projects["project"] = (files) => {
    const dir = makeProject(files);
    dirs.push(dir);
    return dir;
  };
  return { servers, project };
}
