import type { Problem } from "../errors.ts";
import type { ApiInput } from "./define-service.ts";
import { accessProblems } from "./access/access-problems.ts";
import { batchProblems } from "./batch-problems.ts";
import { RESERVED_NAMES } from "./reserved.ts";
import { isRole, type Role, ROLES } from "./types.ts";

/** What is wrong with the APIs of a service, each fault by its path. */
export function apiProblems(apis: readonly ApiInput[]): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const api of apis) {
    const path = `/apis/${api.name}`;
    if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(api.name)) {
      problems.push({
        path,
        message: "expected a name of letters, digits and _, beginning with a letter, at most 63 characters",
      });
    } else if (RESERVED_NAMES.has(api.name)) {
      problems.push({ path, message: `"${api.name}" is a fixed route of the server: give the method another name` });
    } else if (Object.hasOwn(Object.prototype, api.name)) {
      problems.push({ path, message: `every object has a "${api.name}": give the method another name` });
    }
    if (seen.has(api.name)) problems.push({ path, message: "is defined twice" });
    seen.add(api.name);
    if (api.stream === true && !MANY_ROLES.has(api.role ?? "predict"))
      problems.push({ path, message: `the role "${String(api.role)}" is answered at once, not by a stream` });
    if (api.default === true && (api.role ?? "predict") !== "predict")
      problems.push({ path: `${path}/default`, message: `only an API with the role "predict" may be the default` });
    if (api.timeoutMs !== undefined && !(Number.isFinite(api.timeoutMs) && api.timeoutMs > 0)) {
      problems.push({ path: `${path}/timeoutMs`, message: `expected milliseconds > 0, got ${String(api.timeoutMs)}` });
    }
    if (api.maxBodyBytes !== undefined && !(Number.isSafeInteger(api.maxBodyBytes) && api.maxBodyBytes > 0)) {
      problems.push({
        path: `${path}/maxBodyBytes`,
        message: `expected a whole number of bytes > 0, got ${String(api.maxBodyBytes)}`,
      });
    }
    problems.push(...modelProblems(api, path), ...batchProblems(api, `${path}/batch`));
    if (api.authorize !== undefined && api.authorize !== "public")
      problems.push(...accessProblems(api.authorize, `${path}/authorize`));
    for (const [index, example] of (api.examples ?? []).entries()) {
      if (example.tolerance !== undefined && !(Number.isFinite(example.tolerance) && example.tolerance >= 0)) {
        problems.push({
          path: `${path}/examples/${index}/tolerance`,
          message: `expected a number ≥ 0, got ${String(example.tolerance)}`,
        });
      }
    }
  }
  problems.push(...sameModelProblems(apis), ...sameRoleProblems(apis));
  const defaults = apis.filter((api) => api.default === true).map((api) => api.name);
  if (defaults.length > 1)
    problems.push({
      path: "/apis",
      message: `only one API may be the default, these are marked: ${defaults.join(", ")}`,
    });
  return problems;
}

const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

function modelProblems({ role, model }: ApiInput, path: string): Problem[] {
  const problems: Problem[] = [];
  if (role !== undefined && !isRole(role))
    problems.push({
      path: `${path}/role`,
      message: `expected one of ${ROLES.join(", ")}, got ${JSON.stringify(role)}`,
    });
  if (model?.name !== undefined && !MODEL_NAME.test(model.name)) {
    problems.push({
      path: `${path}/model/name`,
      message: `expected letters, digits, ".", "_" and "-", at most 128 characters, got ${JSON.stringify(model.name)}`,
    });
  }
  if (model?.version !== undefined && !(Number.isSafeInteger(model.version) && model.version >= 1)) {
    problems.push({
      path: `${path}/model/version`,
      message: `expected a whole number ≥ 1, got ${String(model.version)}`,
    });
  }
  return problems;
}

/** Roles that several APIs of a service may have, each for a model of its own; they may also answer with a stream. */
const MANY_ROLES: ReadonlySet<Role> = new Set<Role>(["predict", "explain"]);

/** A graph calls a component by the role alone: nothing would tell two APIs apart. */
function sameRoleProblems(apis: readonly ApiInput[]): Problem[] {
  const seen = new Map<Role, string>();
  return apis.flatMap(({ name, role = "predict" }) => {
    const other = seen.get(role);
    seen.set(role, name);
    if (MANY_ROLES.has(role) || other === undefined || other === name) return [];
    return [{ path: `/apis/${name}/role`, message: `only one API may have the role "${role}", "${other}" has it` }];
  });
}

function sameModelProblems(apis: readonly ApiInput[]): Problem[] {
  const seen = new Map<string, string>();
  return apis.flatMap((api) => {
    const key = `${api.role ?? "predict"} ${api.model?.name ?? api.name} ${api.model?.version ?? 1}`;
    const other = seen.get(key);
    seen.set(key, api.name);
    if (other === undefined || other === api.name) return [];
    const message = `is the same version of the same model as "${other}": give one of them another model: { version }`;
    return [{ path: `/apis/${api.name}/model`, message }];
  });
}
