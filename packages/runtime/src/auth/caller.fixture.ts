import type { Caller } from "./types.ts";

/** A caller that sent these fields, by lower-case name; a list is a field that was sent several times. */
export function callerWith(fields: Readonly<Record<string, string | readonly string[]>>): Caller {
  return {
    valuesOf: (name) => [fields[name] ?? []].flat(),
    peerIp: "127.0.0.1",
    clientIp: "127.0.0.1",
    route: "/score",
  };
}
