import { addressSet, type AddressSet, parseCidr } from "../../call/cidr.ts";
import { ServingError } from "../../errors.ts";

/** CIDRs; an empty `allow` is every address, `deny` wins. */
export interface AddressRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** Whether an address may call; what is no address may call only where no rule is set. */
export type AddressFilter = (ip: string) => boolean;

/** Makes the filter of some rules. Throws FAILED_PRECONDITION for a text that is no CIDR. Source: security.md A9. */
export function addressFilter({ allow, deny }: AddressRules): AddressFilter {
  if (allow.length === 0 && deny.length === 0) return () => true;
  const allowed = allow.length === 0 ? EVERY_ADDRESS : setOf(allow);
  const denied = setOf(deny);
  return (ip) => allowed.has(ip) && !denied.has(ip);
}

function setOf(texts: readonly string[]): AddressSet {
  return addressSet(
    texts.map((text) => {
      const cidr = parseCidr(text);
      if (cidr !== undefined) return cidr;
      throw new ServingError("FAILED_PRECONDITION", `address filter: ${JSON.stringify(text)} is no CIDR`);
    }),
  );
}

const EVERY_ADDRESS = setOf(["0.0.0.0/0", "::/0"]);
