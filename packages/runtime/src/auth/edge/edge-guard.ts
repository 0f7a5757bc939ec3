import { hash, timingSafeEqual } from "node:crypto";
import { ServingError } from "../../errors.ts";
import { type AddressFilter, addressFilter, type AddressRules } from "./address-filter.ts";

/** What is known of a request before it is known who calls. */
export interface EdgeRequest {
  readonly clientIp: string;
  /** Every field of that lower-case name as it came. */
  valuesOf(name: string): readonly string[];
}

/** The route that a request goes to. */
export interface EdgeRoute {
  readonly id: string;
  /** Whether callers without credentials may ask: probes. */
  readonly isPublic: boolean;
}

export interface EdgeOptions {
  readonly ipFilter: AddressRules & {
    readonly functions: Readonly<Record<string, AddressRules>>;
    /** Ids of public routes that every address may ask. */
    readonly exempt: readonly string[];
  };
  /** Header that every request but probes must bring; its name in any case. */
  readonly header: { readonly name: string; readonly secret: () => string } | undefined;
}

/** Decides whether a request may come in at all, before anything of it is looked at. */
export interface EdgeGuard {
  /** Why it may not: PERMISSION_DENIED; undefined when it may. `route` is undefined where nothing answers. */
  refusal(request: EdgeRequest, route: EdgeRoute | undefined): ServingError | undefined;
  /** The same for the function that is called. Throws PERMISSION_DENIED. */
  assertMayReach(clientIp: string, api: string): void;
  /** The secret header (lower case): nothing behind the guard may see it, as whoever logs headers would write it down. */
  readonly secretHeader: string | undefined;
}

/** Makes the guard of a server. Source: security.md A1.6, A9 and note 8. */
export function createEdgeGuard({ ipFilter, header }: EdgeOptions): EdgeGuard {
  const mayCall = addressFilter(ipFilter);
  const exempt = new Set(ipFilter.exempt);
  const ofFunctions = new Map(
    Object.entries(ipFilter.functions).map(([api, rules]): [string, AddressFilter] => [api, addressFilter(rules)]),
  );
  const isFromEdge = header === undefined ? () => true : headerCheck(header);
  return {
    refusal(request, route) {
      const isProbe = route?.isPublic === true;
      if (!(isProbe && exempt.has(route.id)) && !mayCall(request.clientIp)) return ipDenied();
      return isProbe || isFromEdge(request) ? undefined : edgeDenied();
    },
    assertMayReach(clientIp, api) {
      if (ofFunctions.get(api)?.(clientIp) === false) throw ipDenied();
    },
    secretHeader: header?.name.toLowerCase(),
  };
}

/** Digests are compared, so that neither length nor content of the secret shows in the time it takes. */
function headerCheck({ name, secret }: NonNullable<EdgeOptions["header"]>): (request: EdgeRequest) => boolean {
  const key = name.toLowerCase();
  return (request) => {
    const [given, ...others] = request.valuesOf(key);
    const isSame = timingSafeEqual(digestOf(given ?? ""), digestOf(secret()));
    return isSame && given !== undefined && others.length === 0;
  };
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function ipDenied(): ServingError {
  return new ServingError("PERMISSION_DENIED", "this address may not call", { reason: "ip_denied" });
}

function edgeDenied(): ServingError {
  return new ServingError("PERMISSION_DENIED", "this server is called through its gateway", { reason: "edge_denied" });
}
