import type { ApiDefinition } from "@bento-ts/runtime/definition";
import { wrongUsage } from "../command-error.ts";
import { type ExampleServer, serveForExamples } from "../examples/serve-for-examples.ts";
import { describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";

/** What is known of a service before it is called. */
export interface Benched {
  /** Undefined for a server of which nothing is known but its URL. */
  readonly api: ApiDefinition | undefined;
  readonly apiName: string;
  /** Folder that the paths of its examples mean. */
  readonly baseDir: string;
  readonly projectDir: string | undefined;
  /** Starts a server of it. */
  serve(signal: AbortSignal): Promise<ExampleServer>;
}

/** Opens what TARGET means and finds the API to call: the one that is named, else the default one, else the only one. Throws CommandError. */
export async function openBenched(given: string | undefined, wanted: string | undefined): Promise<Benched> {
  const { definition, baseDir, projectDir } = await describeService(await findTarget(given));
  const { apis } = definition;
  const names = apis.map(({ name }) => name).join(", ");
  const api =
    wanted === undefined
      ? (apis.find((one) => one.default) ?? (apis.length === 1 ? apis[0] : undefined))
      : apis.find(({ name }) => name === wanted);
  if (api === undefined)
    throw wrongUsage(
      wanted === undefined
        ? `--api: which one of ${names}?`
        : `--api: ${definition.name} has no "${wanted}", it has ${names}`,
    );
  return {
    api,
    apiName: api.name,
    baseDir,
    projectDir,
    serve: (signal) => serveForExamples(given ?? ".", { signal, asConfigured: true }),
  };
}
