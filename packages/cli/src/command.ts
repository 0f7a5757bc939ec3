import type { Command } from "commander";

/** One command: what `--help` says of it, and the function that adds its arguments, options and action. */
export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Command lines that work as they stand, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  define(command: Command): void;
}
