import { readFile } from "node:fs/promises";
import { issuerPrefixes } from "../../auth/oidc/issuer-prefixes.ts";
import { issuerProblems } from "../../auth/rules/issuer-problems.ts";
import { refusedConfig } from "../../config/refused-config.ts";
import { assertMayBind } from "../../config/start-rule.ts";
import type { Config } from "../../config/types.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import { type Problem, ServingError } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";
import { tlsProblems } from "../secure-server.ts";
import { unknownFunction } from "./unknown-function.ts";

/**
 * Checks what the configuration says of security against itself, the service and the files that it names, before anything is started.
 *
 * `definition` is undefined where the service is not known yet. Throws FAILED_PRECONDITION that lists every mistake by its key.
 */
export async function assertSecure(config: Config, definition: ServiceDefinition | undefined): Promise<void> {
  const { issuers, authorization } = config.security;
  const { resolveIssuers } = await import("../../auth/oidc/resolve-issuers.ts");
  const apis = definition?.apis.map(({ name }) => name);
  const problems: Problem[] = [
    ...functionProblems(config, apis),
    ...prefixed("security.oidc.issuers", () => resolveIssuers(issuers)),
    ...issuerRuleProblems(config, definition),
  ];
  if (authorization.rulesFile !== null) {
    const { readRulesFile } = await import("./rules-file.ts");
    const facts = { apis, issuerPrefixes: issuerPrefixes(issuers) };
    const read = (text: string): readonly Problem[] => problemsOf(() => readRulesFile(text, facts));
    problems.push(...(await fileProblems("security.authorization.rulesFile", authorization.rulesFile, read)));
  }
  problems.push(...(await credentialFileProblems(config)), ...(await tlsProblems(config)));
  problems.push(...(await edgeHeaderProblems(config)));
  // An open address alone is told in its own words; beside other mistakes it is one more.
  if (problems.length > 0) throw refusedConfig([...problems, ...problemsOf(() => assertMayBind(config))]);
}

async function credentialFileProblems({ security: { apiKeys, basic } }: Config): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  if (apiKeys !== null) {
    const { parseKeyFile } = await import("../../auth/api-keys/key-file.ts");
    const read = (text: string): readonly Problem[] => parseKeyFile(text).problems;
    problems.push(...(await fileProblems("security.apiKeys.file", apiKeys.file, read)));
  }
  if (basic !== null) {
    const { createBasicAuthenticator } = await import("../../auth/basic/create-basic-authenticator.ts");
    const path = basic.htpasswdFile === null ? "security.basic.secretDir" : "security.basic.htpasswdFile";
    // Opened as the workers will: a mounted secret has two forms.
    const options = { ...basic, onFault: () => undefined, onLinesLeftOut: () => undefined };
    const opened = await createBasicAuthenticator(options).catch((cause: unknown) => ({
      path,
      message: reasonOf(cause),
    }));
    if ("message" in opened) problems.push(opened);
    else opened.close();
  }
  return problems;
}

async function edgeHeaderProblems({ security: { edgeHeader } }: Config): Promise<readonly Problem[]> {
  if (edgeHeader === null) return [];
  const { openSecret } = await import("../../auth/files/secret.ts");
  try {
    (await openSecret({ key: "security.edgeHeader.value", place: edgeHeader.value, onFault: () => undefined })).close();
    return [];
  } catch (error) {
    if (error instanceof ServingError && error.problems.length > 0) return error.problems;
    throw error;
  }
}

/** Names of functions in the configuration that the service does not have. */
function functionProblems({ security }: Config, apis: readonly string[] | undefined): readonly Problem[] {
  const named: readonly (readonly [string, readonly string[]])[] = [
    ["security.authorization.functions", Object.keys(security.authorization.functions)],
    ["security.ipFilter.functions", Object.keys(security.ipFilter.functions)],
    ["security.audit.functions", Object.keys(security.audit.functions)],
    ["security.rateLimits", security.rateLimits.flatMap(({ functions }) => functions ?? [])],
  ];
  return named.flatMap(([path, names]) =>
    names.flatMap((name) => {
      const message = unknownFunction(name, apis);
      return message === undefined ? [] : [{ path: `${path}.${name}`, message }];
    }),
  );
}

function issuerRuleProblems({ security }: Config, definition: ServiceDefinition | undefined): readonly Problem[] {
  const prefixes = issuerPrefixes(security.issuers);
  const platform = Object.entries(security.authorization.functions).flatMap(([name, access]) =>
    issuerProblems(access, `security.authorization.functions.${name}`, prefixes),
  );
  const author = (definition?.apis ?? []).flatMap(({ name, authorize }) =>
    authorize === null || authorize === "public" ? [] : issuerProblems(authorize, `authorize of ${name}`, prefixes),
  );
  return [...platform, ...author];
}

/** The mistakes that a reader finds, by the path of a key; `/0/audiences` inside it is `[0].audiences`. */
function prefixed(path: string, read: () => unknown): readonly Problem[] {
  return problemsOf(read).map((problem) => ({ ...problem, path: path + placeOf(problem.path) }));
}

function placeOf(pointer: string): string {
  return pointer.replace(/\/([^/]*)/g, (_, name: string) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`));
}

function problemsOf(read: () => unknown): readonly Problem[] {
  try {
    read();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown;
    return thrown.problems.length > 0 ? thrown.problems : [{ path: "", message: thrown.message }];
  }
}

/** The mistakes in a file that a key names; each is told by its place in the file. */
async function fileProblems(
  path: string,
  file: string,
  read: (text: string) => readonly Problem[],
): Promise<readonly Problem[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => ({ unreadable: reasonOf(cause) }));
  if (typeof text !== "string") return [{ path, message: `the file can't be read: ${text.unreadable}` }];
  return read(text).map((fault) => ({
    path,
    message: `${file}: ${fault.path === "" ? "" : `${fault.path}: `}${fault.message}`,
  }));
}
