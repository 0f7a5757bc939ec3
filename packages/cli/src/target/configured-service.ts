import { refuse } from "../serve/refuse.ts";

/** The entry file that a project's configuration names, null when it names none. Throws CommandError for a configuration that is refused. */
export async function configuredService(project: {
  readonly projectDir: string;
  readonly configFile: string | undefined;
}): Promise<string | null> {
  const { loadConfig } = await import("@bento-ts/runtime/config");
  const { config } = await refuse(() => loadConfig({ ...project, env: process.env }));
  return config.service;
}
