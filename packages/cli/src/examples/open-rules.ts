import type { ServiceDefinition } from "@bento-ts/runtime/definition";

/** A rules file in place of an author's rules: callers without credentials may call everything. For a server that this machine alone reaches. */
export const OPEN_RULES: string = JSON.stringify({ "*": { allow: [{ methods: ["anonymous"] }] } });

/** Whether an author has written who may call a function. */
export function hasRules({ apis }: ServiceDefinition): boolean {
  return apis.some(({ authorize }) => authorize !== null && authorize !== "public");
}
