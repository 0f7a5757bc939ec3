import { loadConfig } from "@bento-ts/runtime/config";
import type { Examination, ListedAccess, ServerPlan } from "@bento-ts/runtime/server";
import { failed } from "../command-error.ts";
import { refuse } from "../serve/refuse.ts";
import { type DescribedService, describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";
import type { RuntimeServer } from "../target/load-runtime.ts";
import { nativeTensorFlowState, type NativeTensorFlowState } from "./native-tensorflow.ts";
import { modelFindings } from "./model-findings.ts";
import { type ServerSummary, summarize } from "./summarize.ts";

/** What a target would be as a server, and what is wrong with that. */
export type TargetExamination = ServerSummary & Examination & { readonly tensorflow: NativeTensorFlowState };

/** Examines a target by the configuration that `serve` would use. Throws CommandError for one that can't be read. */
export async function examineTarget(
  given: string | undefined,
  options: { readonly configFile: string | undefined },
): Promise<TargetExamination> {
  const { plan, server, described } = await planOf(given, options);
  const { access, findings } = await server.examineServer(plan, Date.now());
  const tensorflow = await nativeTensorFlowState(process.env);
  const ofModels = await modelFindings(described, tensorflow);
  return { ...summarize(plan), tensorflow, access, findings: [...findings, ...ofModels] };
}

/** The routes of a target and who may call them. Throws CommandError for a configuration that can't be read or is refused. */
export async function accessOfTarget(
  given: string,
  options: { readonly configFile: string | undefined },
): Promise<ListedAccess> {
  const { plan, server } = await planOf(given, options);
  await refuse(() => server.assertSecure(plan.config, plan.definition));
  const { access } = await server.examineServer(plan, Date.now());
  if (access === undefined) throw failed(`${plan.definition.name} would not start; "bento-ts doctor" says why`);
  return access;
}

/** The server that a target would be, and the copy of the runtime that knows of it. */
async function planOf(
  given: string | undefined,
  { configFile }: { readonly configFile: string | undefined },
): Promise<{ readonly plan: ServerPlan; readonly server: RuntimeServer; readonly described: DescribedService }> {
  const described = await describeService(await findTarget(given, { configFile }));
  const { definition, projectDir, protoRecord, server } = described;
  const { config } = await refuse(() =>
    loadConfig({ env: process.env, configFile, projectDir, serviceConfig: definition.config }),
  );
  return { plan: { config, definition, protoRecord }, server, described };
}
