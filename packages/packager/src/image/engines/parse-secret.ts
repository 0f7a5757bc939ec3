import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";

/** A secret of a build: scripts and the installation of packages find it at /run/secrets/ID. */
export interface SecretSource {
  readonly id: string;
  readonly from: "file" | "env";
  /** Absolute path of the file, or name of the variable. */
  readonly place: string;
  /** What must not be shown. */
  readonly value: string;
}

/**
 * Reads `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`.
 *
 * Throws INVALID_ARGUMENT for another form, FAILED_PRECONDITION for a file or variable that is not there; the value is never in a message. Source: Docker
 * documentation, "docker build --secret".
 */
export function parseSecret(text: string, env: Readonly<Record<string, string | undefined>>): SecretSource {
  const match = FORM.exec(text);
  if (match?.groups === undefined) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `--secret: expected id=NAME,src=FILE or id=NAME,env=VARIABLE, the name of letters, digits, "_", "." and "-", got "${text}"`,
    );
  }
  const { id = "", file, variable } = match.groups;
  if (variable !== undefined) {
    const value = env[variable];
    if (value === undefined || value === "") throw absent(id, `the variable ${variable} is not set`);
    return { id, from: "env", place: variable, value };
  }
  const place = resolve(file ?? "");
  try {
    return { id, from: "file", place, value: readFileSync(place, "utf8") };
  } catch (cause) {
    throw absent(id, `the file ${place} can't be read`, cause);
  }
}

/** Clients split at commas, so a path can have none. */
const FORM =
  /^id=(?<id>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}),(?:(?:src|source)=(?<file>[^,]+)|env=(?<variable>[A-Za-z_][A-Za-z0-9_]*))$/;

function absent(id: string, reason: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", `--secret: "${id}" has no value: ${reason}`, { cause });
}
