import type { Target } from "../../call/types.ts";
import type { ApiDefinition, ServiceDefinition } from "../../definition/types.ts";
import type { JsonSpec } from "../../io/types.ts";
import type { SeldonOperation } from "./operations.ts";

/** What answers an operation: a target, or why nothing does. */
export type FoundTarget = Target | { readonly missing: string };

/** Finds what answers an operation: the default API for predictions, else the API with its role, else what Seldon's own wrapper does without one. */
export function findTarget({ apis }: Pick<ServiceDefinition, "apis">, operation: SeldonOperation): FoundTarget {
  const having = apis.filter(({ role }) => role === operation.role);
  const api = operation.role === "predict" ? having.find((one) => one.default) : having[0];
  if (api?.stream === true)
    return { missing: `API "${api.name}" answers with a stream, which Seldon's protocol has not` };
  if (api !== undefined) return { api };
  if (having.length > 0)
    return { missing: `${operation.name} not defined: none of ${having.length} APIs is marked default: true` };
  if (operation.otherwise === "refusal") return { missing: `${operation.name} not defined` };
  return { api: builtInApi(operation), builtIn: (input) => input };
}

const ANYTHING: JsonSpec = { kind: "json", schema: {} };

/** The description of what is answered without an author's code; no API of an author can have its name. */
function builtInApi({ role, path }: SeldonOperation): ApiDefinition {
  const name = path.slice(1);
  return {
    name: name.includes("-") ? name : `no-${name}`,
    role,
    model: { name, version: "1" },
    default: false,
    summary: "",
    description: "",
    input: ANYTHING,
    output: ANYTHING,
    stream: false,
    batch: null,
    nan: "string",
    timeoutMs: null,
    maxBodyBytes: null,
    authorize: null,
    examples: [],
  };
}
