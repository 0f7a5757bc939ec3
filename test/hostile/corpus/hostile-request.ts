/** A request that must be refused, and how. */
export interface HostileRequest {
  /** Tells it from all others. */
  readonly name: string;
  /** POST unless given. */
  readonly method?: string;
  readonly path: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** Sent as it is; a large one is made when it is sent. */
  readonly body?: string | Uint8Array | (() => string | Uint8Array);
  readonly status: number;
  /** What the reply must say, in its detail or in the message or path of a fault. */
  readonly says: RegExp;
}

export const JSON_TYPE = ["content-type", "application/json"] as const;

/** A JSON body for a path. */
export function badJson(
  name: string,
  path: string,
  body: Exclude<HostileRequest["body"], undefined>,
  says: RegExp,
): HostileRequest {
  return { name: `${path}: ${name}`, path, headers: [JSON_TYPE], body, status: 400, says };
}
