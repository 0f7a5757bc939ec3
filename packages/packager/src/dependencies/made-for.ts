import type { Machine } from "../platform.ts";

/** Systems for which a package is made, as npm writes them: each list names some, or with "!" those that it is not for; empty for all. */
export interface MadeFor {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
}

/** Whether npm would install it there. Source: npm documentation, "package.json", `os`, `cpu` and `libc`. */
export function isMadeFor(made: MadeFor, { os, cpu, libc }: Machine): boolean {
  return allows(made.os, os) && allows(made.cpu, cpu) && (libc === undefined || allows(made.libc, libc));
}

function allows(list: readonly string[], value: string): boolean {
  if (list.includes(`!${value}`)) return false;
  const wanted = list.filter((item) => !item.startsWith("!"));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes("any");
}
