import { Buffer } from "node:buffer";
import { ServingError } from "../../errors.ts";
import { watchFile } from "./watched-file.ts";

/** Where a secret is: in a file, in the environment, or in the configuration itself. */
export type SecretPlace =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "inline"; readonly text: string };

/** A secret as it is now. */
export interface Secret {
  readonly value: () => string;
  close(): void;
}

export interface SecretOptions {
  /** The key of the configuration, named in errors. */
  readonly key: string;
  readonly place: SecretPlace;
  /** Told when the file has changed and can't be taken; the last good secret stays. */
  readonly onFault: (error: unknown) => void;
  readonly onChange?: (value: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds between two looks at the file. */
  readonly everyMs?: number;
}

/** Largest secret in bytes: it has to fit into a header. */
const MAX_BYTES = 8 * 1024;

/**
 * Reads a secret, from a file again when that changes. One line break at the end is none of it, since editors and `echo` put one there.
 *
 * Throws FAILED_PRECONDITION that names the key, never the secret: it is missing, empty, too long, or holds what no header can carry.
 */
export async function openSecret(options: SecretOptions): Promise<Secret> {
  const { key, place, onFault, onChange, env = process.env, everyMs } = options;
  const take = (text: string): string => checked(key, text);
  if (place.kind !== "file") {
    const value = take(place.kind === "inline" ? place.text : variable(key, place.name, env));
    return { value: () => value, close: () => undefined };
  }
  return watchFile({
    path: place.path,
    read: take,
    onFault,
    ...(onChange === undefined ? {} : { onChange }),
    ...(everyMs === undefined ? {} : { everyMs }),
  }).catch((cause: unknown) => {
    if (cause instanceof ServingError) throw cause;
    throw refused(key, `the file ${place.path} can't be read`, cause);
  });
}

function variable(key: string, name: string, env: NodeJS.ProcessEnv): string {
  const text = env[name];
  if (text === undefined) throw refused(key, `the environment variable ${name} is not set`);
  return text;
}

function checked(key: string, text: string): string {
  const value = text.replace(/\r?\n$/, "");
  if (value === "") throw refused(key, "the secret is empty");
  if (Buffer.byteLength(value) > MAX_BYTES) throw refused(key, `the secret has more than ${MAX_BYTES} bytes`);
  if (!/^[\x20-\x7e]*$/.test(value)) throw refused(key, "the secret holds characters that no header can carry");
  return value;
}

function refused(key: string, why: string, cause?: unknown): ServingError {
  const message = `${key}: ${why}`;
  return new ServingError("FAILED_PRECONDITION", message, { problems: [{ path: key, message: why }], cause });
}
