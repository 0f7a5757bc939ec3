import { isIPv6 } from "node:net";

/** What a request to the plain port asked for, and where the secured port is. */
export interface Redirection {
  /** The `Host` header. */
  readonly host: string | undefined;
  /** The request target as it came. */
  readonly target: string;
  /** Name that the certificate is for, which goes over the header. */
  readonly cname: string | undefined;
  readonly httpPort: number;
  readonly httpsPort: number;
}

/**
 * Where a request is to be sent instead; undefined for one that names no host, or asks as of a proxy.
 *
 * A caller who came to port 80 by a mapping to another one (containers, load balancers) is sent to port 443, which is mapped like it; any other to the port that
 * is listened on.
 */
export function httpsLocation({ host = "", target, cname, httpPort, httpsPort }: Redirection): string | undefined {
  const [, name, port] = HOST.exec(host) ?? [];
  if (name === undefined || !target.startsWith("/")) return undefined;
  const isMapped = port === undefined && httpPort !== HTTP_PORT;
  const suffix = isMapped || httpsPort === HTTPS_PORT ? "" : `:${httpsPort}`;
  const location = `https://${cname === undefined ? name : inUrl(cname)}${suffix}${target}`;
  // Some names are none to a URL, such as one whose last part is a number and that is no IPv4 address. Source: URL Standard, "host parsing".
  return URL.canParse(location) ? location : undefined;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/** A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port: nothing that could stand for more than a host in a URL. */
const HOST = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?$/;

function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
