import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, isIP } from "node:net";
import type { Finding } from "./check.ts";
import { failureText } from "./failure-text.ts";
import type { Place } from "./place.ts";

/** Whether the place has an address and takes connections on each of them. */
export async function checkNetwork({ host, port }: Place): Promise<readonly Finding[]> {
  if (isIP(host) !== 0)
    return [{ check: "dns", level: "skipped", message: `${host} is an address` }, await checkAddresses([host], port)];
  let addresses: readonly string[];
  try {
    addresses = (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (cause) {
    return [{ check: "dns", level: "problem", message: `${host} has no address: ${failureText(cause)}` }];
  }
  const found: Finding = { check: "dns", level: "ok", message: `${host} is ${addresses.join(", ")}` };
  return [found, await checkAddresses(addresses.slice(0, MAX_ADDRESSES), port)];
}

/** Names of large sites have some; more say nothing new. */
const MAX_ADDRESSES = 8;
const CONNECT_TIMEOUT_MS = 5_000;

async function checkAddresses(addresses: readonly string[], port: number): Promise<Finding> {
  const failures = await Promise.all(addresses.map((address) => connectTo(address, port)));
  const items = addresses.flatMap((address, at) => (failures[at] === undefined ? [] : [`${address}: ${failures[at]}`]));
  if (items.length === 0) return { check: "connect", level: "ok", message: `port ${port} takes connections` };
  return items.length === addresses.length
    ? { check: "connect", level: "problem", message: `nothing takes connections on port ${port}`, items }
    : { check: "connect", level: "warning", message: `some addresses take no connections on port ${port}`, items };
}

async function connectTo(address: string, port: number): Promise<string | undefined> {
  const socket = connect(port, address);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return undefined;
  } catch (cause) {
    return failureText(cause);
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}
