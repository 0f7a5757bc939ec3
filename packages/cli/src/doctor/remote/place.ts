import { wrongUsage } from "../../command-error.ts";

/** Where something is asked. */
export interface Place {
  readonly transport: "REST" | "gRPC";
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Path before every route, without a slash at its end. */
  readonly basePath: string;
  /** Authorities to trust in place of those that Node knows, as PEM. */
  readonly ca: string | undefined;
}

/** The place of REST. Throws CommandError for what is no bare http(s) URL: it may hold no credentials, none is ever sent. */
export function parseUrl(text: string, ca: string | undefined): Place {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw wrongUsage(`--url: expected https://host[:port][/prefix], got ${JSON.stringify(text)}`);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw wrongUsage("--url: expected neither user, password, query nor fragment: no credential is sent");
  return placeOf(url, { transport: "REST", ca });
}

/** The place of gRPC: `host:port`, secured as REST is. Throws CommandError for anything else. */
export function parseGrpc(text: string, rest: Place): Place {
  const address = `${rest.isSecure ? "https" : "http"}://${text}`;
  const isAddress = /^(?:\[[0-9a-fA-F:.]+\]|[^\s/@:?#]+):\d{1,5}$/.test(text) && URL.canParse(address);
  if (!isAddress) throw wrongUsage(`--grpc: expected host:port, got ${JSON.stringify(text)}`);
  return placeOf(new URL(address), { transport: "gRPC", ca: rest.ca });
}

/** The place in words: what a person has typed. */
export function nameOf({ transport, host, port, isSecure, basePath }: Place): string {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return transport === "gRPC" ? `grpc ${address}` : `${isSecure ? "https" : "http"}://${address}${basePath}`;
}

function placeOf(url: URL, { transport, ca }: Pick<Place, "transport" | "ca">): Place {
  const isSecure = url.protocol === "https:";
  return {
    transport,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    isSecure,
    basePath: url.pathname.replace(/\/+$/, ""),
    ca,
  };
}
