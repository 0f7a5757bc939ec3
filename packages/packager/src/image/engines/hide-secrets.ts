import type { SecretSource } from "./parse-secret.ts";

/** Shorter lines of a secret stand in any output by chance. */
const MIN_CHARS = 4;

/** Takes the lines of secrets out of what a client writes: a script may show what it was given. */
export function hideSecrets(secrets: readonly SecretSource[]): (text: string) => string {
  const lines = secrets
    .flatMap(({ value }) => value.split(/\r?\n/))
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_CHARS);
  return (text) => lines.reduce((shown, line) => shown.replaceAll(line, "***"), text);
}
