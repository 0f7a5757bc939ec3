/** The value of an API's input as the native protocol has it in JSON, and where each place in it stood in the request. */
export interface NativeInput {
  readonly value: unknown;
  /** Turns a JSON Pointer into the value into one into the request's body. */
  place(path: string): string;
}

/** A value that stood as it is at a place of the request. */
export function inputAt(base: string, value: unknown): NativeInput {
  return { value, place: (path) => base + path };
}

/** A value that was put under a prefix which the request does not have. */
export function inputUnder(base: string, prefix: string, value: unknown): NativeInput {
  return { value, place: (path) => base + (path.startsWith(prefix) ? path.slice(prefix.length) : path) };
}
