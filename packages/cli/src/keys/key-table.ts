import { columns, printable } from "../output.ts";

/** A key as a table shows it. */
export interface ShownKey {
  readonly id: string;
  readonly owner: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly functions: readonly string[] | undefined;
  readonly expires: string | undefined;
  readonly state: string;
}

/** Keys in columns. */
export function keyTable(keys: readonly ShownKey[], file: string): readonly string[] {
  if (keys.length === 0) return [`no keys in ${file}`];
  const words = (list: readonly string[]): string => (list.length === 0 ? "-" : list.join(","));
  const rows = keys.map(({ id, owner, groups, scopes, functions, expires, state }) =>
    [
      id,
      owner,
      words(groups),
      words(scopes),
      functions === undefined ? "all" : words(functions),
      expires ?? "never",
      state,
    ].map(printable),
  );
  return columns([["ID", "OWNER", "GROUPS", "SCOPES", "FUNCTIONS", "EXPIRES", "STATE"], ...rows]);
}
