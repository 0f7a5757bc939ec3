/** What the process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 78 } as const;

/** Ends the command: its message is one sentence with the next step, for standard error. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The error of a command line that can't be meant. */
export function wrongUsage(message: string): CommandError {
  return new CommandError(EXIT.usage, message);
}

/** The error of work that did not succeed. */
export function failed(message: string, cause?: unknown): CommandError {
  return new CommandError(EXIT.failed, message, { cause });
}
