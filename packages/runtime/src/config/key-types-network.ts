import { isIP } from "node:net";
import { parseCidr } from "../call/cidr.ts";
import { listOf } from "./key-types-collections.ts";
import { text, type KeyType } from "./key-types.ts";

/** A host name or an IP address to listen on, without brackets and port. */
export function host(): KeyType<string> {
  return text({
    label: "a host name or an IP address, without brackets and port",
    accepts: (value) => isIP(value) !== 0 || isHostName(value),
  });
}

/** A path under which routes stand: "/" or "/prefix". */
export function basePath(): KeyType<string> {
  return text({
    label: 'a path such as "/" or "/models/boston", without a slash at its end',
    pattern: "^(/|(/[A-Za-z0-9._~-]+)+)$",
    accepts: (value) => !value.split("/").some((segment) => segment === "." || segment === ".."),
  });
}

/** A list of address ranges. */
export function cidrs(): KeyType<readonly string[]> {
  const cidr = text({
    label: 'a CIDR or an IP address, such as "10.0.0.0/8" or "fd00::/8"',
    accepts: (value) => parseCidr(value) !== undefined,
  });
  return listOf(cidr, { label: "CIDRs", sample: '["10.0.0.0/8"]' });
}

function isHostName(value: string): boolean {
  const labels = value.split(".");
  const last = labels.at(-1) ?? "";
  // A last label that is a number makes the resolver read an address: "0" is 0.0.0.0, "0x7f000001" and "127.1" are 127.0.0.1.
  const readAsAddress = /^(\d+|0[xX][0-9a-fA-F]*)$/.test(last);
  return (
    value.length <= 253 &&
    !readAsAddress &&
    labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
  );
}
