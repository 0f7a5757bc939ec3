import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { ServingError } from "../errors.ts";
import { toListenError } from "../listen-error.ts";
import type { ListenAddress } from "./supervisor-options.ts";

/** Open ports; connections are accepted and left unread. */
export interface Listeners {
  /** The address behind each name; the port is the one that was found where 0 was asked for. */
  readonly addresses: Readonly<Record<string, AddressInfo>>;
  /**
   * Accepts what has connected so far, then nothing more; what was accepted stays as it is.
   *
   * Resolves when the ports are closed, after 1 s at the latest: callers who go on connecting may be reset then.
   */
  close(): Promise<void>;
}

const MAX_LAST_ACCEPTS_MS = 1000;

/** Opens all ports or none; throws FAILED_PRECONDITION with the address and what to do when one can't be had. */
export async function openListeners(
  addresses: readonly ListenAddress[],
  accept: (socket: Socket, name: string) => void,
): Promise<Listeners> {
  const open: { readonly name: string; readonly server: Server; readonly address: AddressInfo }[] = [];
  let accepted = 0;
  const count = (socket: Socket, name: string): void => {
    accepted += 1;
    accept(socket, name);
  };
  const closeAll = (): void => {
    for (const { server } of open) server.close();
  };
  // The system resets what stands in its queue when a port closes, and Node takes one connection of it each turn of the loop.
  const close = async (): Promise<void> => {
    const endMs = performance.now() + MAX_LAST_ACCEPTS_MS;
    let before: number;
    do {
      before = accepted;
      // The first of these two may end within the turn that is under way, which has asked the system already.
      await setImmediate();
      await setImmediate();
    } while (accepted > before && performance.now() < endMs);
    closeAll();
  };
  try {
    for (const wanted of addresses) open.push({ name: wanted.name, ...(await listen(wanted, count)) });
  } catch (cause) {
    closeAll();
    throw cause;
  }
  return { addresses: Object.fromEntries(open.map(({ name, address }) => [name, address])), close };
}

async function listen(
  wanted: ListenAddress,
  accept: (socket: Socket, name: string) => void,
): Promise<{ readonly server: Server; readonly address: AddressInfo }> {
  // Paused: the first byte belongs to the worker. Half-open and without delay as Node's own HTTP server has it.
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) =>
    accept(socket, wanted.name),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(toListenError(wanted, cause)));
    server.listen({ host: wanted.host, port: wanted.port }, resolve);
  });
  // One failed accept, such as for want of descriptors, must not end the server.
  server.on("error", () => undefined);
  const address = server.address();
  if (address === null || typeof address === "string") throw new ServingError("INTERNAL", "a TCP port has an address");
  return { server, address };
}
