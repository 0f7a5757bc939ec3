import { assertMayBind, isLoopback } from "../../../config/start-rule.ts";
import type { Config } from "../../../config/types.ts";
import { ServingError } from "../../../errors.ts";
import { reasonOf } from "../../../reason-of.ts";
import { assertSecure } from "../assert-secure.ts";
import { type ListedAccess, listAccess, type ServerPlan } from "../list-routes.ts";
import { openAccess } from "../open-access.ts";
import type { Reloadable, SecurityEvents } from "../security-events.ts";
import { accessFindings } from "./access-findings.ts";
import { fileFindings } from "./file-findings.ts";
import { type Finding, problem, warning } from "./finding.ts";
import { settingFindings } from "./setting-findings.ts";

/** What a server with some configuration would be. */
export interface Examination {
  /** Undefined where the configuration is refused: such a server has no routes. */
  readonly access: ListedAccess | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Lists the routes of a server that need not run, and what would fail, or surprise, where other machines reach it: starts that are refused, files that can't be taken,
 * issuers whose keys can't be loaded, callers of whom nothing is asked.
 *
 * Asks the network for keys of issuers alone, for a few seconds. Never rejects for what it finds.
 */
export async function examineServer(plan: ServerPlan, nowMs: number): Promise<Examination> {
  const { config, definition } = plan;
  const refused = await problemsOf(() => assertSecure(config, definition));
  const { access, found } = refused.length > 0 ? NOT_OPENED : await lookInside(plan);
  const findings = [
    ...(await problemsOf(() => assertMayBind(publicly(config)))),
    ...refused,
    ...found,
    ...(access === undefined ? [] : accessFindings(access, plan)),
    ...(await fileFindings(config, nowMs)),
    ...settingFindings(config),
  ];
  return { access, findings: withoutRepeats(findings) };
}

const NOT_OPENED = { access: undefined, found: [] } as const;

/** The same server at an address that other machines reach. */
function publicly(config: Config): Config {
  const { host } = config.server;
  return { ...config, server: { ...config.server, host: isLoopback(host) ? "0.0.0.0" : host } };
}

async function problemsOf(check: () => unknown): Promise<readonly Finding[]> {
  try {
    await check();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown;
    const { problems, message } = thrown;
    return problems.length > 0
      ? problems.map((fault) => problem(fault.path, fault.message))
      : [problem("configuration", message)];
  }
}

/** Opens what decides who may call what, as a worker does, and waits for the first look for keys. */
async function lookInside(
  plan: ServerPlan,
): Promise<{ readonly access: ListedAccess; readonly found: readonly Finding[] }> {
  const found: Finding[] = [];
  const access = await openAccess({ ...plan, failedAttempts: undefined, events: eventsTo(found, plan.config) });
  try {
    await access.firstLook;
    return { access: listAccess(plan, access), found };
  } finally {
    access.close();
  }
}

function eventsTo(found: Finding[], { security: { issuers, basic } }: Config): SecurityEvents {
  const keys = {
    rules: "security.authorization.rulesFile",
    "api-keys": "security.apiKeys.file",
    htpasswd: basic?.htpasswdFile === null ? "security.basic.secretDir" : "security.basic.htpasswdFile",
    "edge-header": "security.edgeHeader",
  } as const satisfies Record<Reloadable, string>;
  return {
    reloaded: () => undefined,
    keysLoaded: () => undefined,
    keysFailed: (name, cause) => {
      const at = issuers.findIndex(({ issuer }) => issuer === name);
      found.push(problem(`security.oidc.issuers[${at}]`, `keys of ${name} can't be loaded: ${reasonOf(cause)}`));
    },
    linesLeftOut: (what, problems) =>
      found.push(...problems.map(({ path, message }) => warning(keys[what], `${path}: ${message}, it is left out`))),
  };
}

/** A broken file is found by the start's own checks and by a closer look. */
function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((one) => [`${one.key} ${one.message}`, one])).values()];
}
