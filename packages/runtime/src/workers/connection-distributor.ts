import type { Socket } from "node:net";
import { type AddressCount, type AddressLimits, createAddressCount } from "./address-count.ts";
import { chooseSeat } from "./choose-seat.ts";

/**
 * Gives accepted connections to workers such that no caller is left hanging when a worker dies.
 *
 * A connection is waiting → sent → open (acknowledged by the worker) → closed, and from sent back to waiting when the worker dies first.
 * The supervisor keeps its own copy of a socket until the worker acknowledged it, and at most one is on its way to a worker: with
 * node:cluster, or a plain send, a connection on its way to a worker that is killed hangs for ever (measured).
 */
export interface ConnectionDistributor {
  /** Takes ownership of an unread socket. */
  accept(socket: Socket, listener: string): void;
  /** From now on the worker gets connections. */
  addWorker(worker: ConnectionTarget): void;
  /** The worker gets no more connections; the one on its way to it still counts. */
  retireWorker(worker: ConnectionTarget): void;
  /** The worker is dead: what was on its way to it goes to another one, what was open is closed by the system. */
  removeWorker(worker: ConnectionTarget): void;
  acknowledged(worker: ConnectionTarget, connectionId: number): void;
  /** These connections, which the worker had acknowledged, are closed. */
  closed(worker: ConnectionTarget, connectionIds: readonly number[]): void;
  counts(): ConnectionCounts;
  /** Resolves once no connection waits or is on its way, or `signal` aborts. */
  settled(signal: AbortSignal): Promise<void>;
  /** Resets what waits, and all that comes later. */
  close(): void;
}

/** A worker as the distributor sees it; one object a process. */
export interface ConnectionTarget {
  /** Sends the socket and keeps the caller's copy open; false when the worker can't be reached any more. */
  sendConnection(connection: { readonly id: number; readonly listener: string }, socket: Socket): boolean;
}

/** Why a connection was reset without an answer. */
export type RefusalReason = "limit" | "limit-per-ip" | "waiting-full" | "waited-too-long" | "workers-died" | "closed";

export interface ConnectionCounts {
  readonly open: number;
  readonly waiting: number;
  readonly refused: Readonly<Record<RefusalReason, number>>;
}

export interface DistributorLimits extends AddressLimits {
  /** Connections of the whole server, those that wait included. */
  readonly maxConnections: number;
  /** Connections that wait while no worker is free. */
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
}

/** A connection that two workers died with before reading it goes to no third one. */
const MAX_SENDS = 3;

interface Connection {
  readonly id: number;
  readonly socket: Socket;
  readonly listener: string;
  /** As its address is counted. */
  readonly addressKey: string;
  readonly acceptedMs: number;
  sends: number;
  /** Ended since the worker it was sent to did not take it in time. */
  isExpired: boolean;
}

interface Seat {
  readonly worker: ConnectionTarget;
  sent: Connection | undefined;
  sentMs: number | undefined;
  /** How the addresses of its open connections are counted, by connection id. */
  readonly addressKeys: Map<number, string>;
  readonly open: number;
  retired: boolean;
  /** Turn in which it last got a connection: even spreading among equally loaded workers. */
  lastTurn: number;
}

/** Creates a distributor without workers; `nowMs` is a monotonic clock, `refused` is told of each connection that is reset. */
export function createConnectionDistributor(
  limits: DistributorLimits,
  nowMs: () => number,
  refused: (reason: RefusalReason, ip: string | undefined) => void = () => undefined,
): ConnectionDistributor {
  return new Distributor(limits, nowMs, refused);
}

class Distributor implements ConnectionDistributor {
  readonly #limits: DistributorLimits;
  readonly #nowMs: () => number;
  readonly #onRefused: (reason: RefusalReason, ip: string | undefined) => void;
  readonly #addresses: AddressCount;
  readonly #seats = new Map<ConnectionTarget, Seat>();
  readonly #waiting: Connection[] = [];
  readonly #refused: Record<RefusalReason, number> = {
    limit: 0,
    "limit-per-ip": 0,
    "waiting-full": 0,
    "waited-too-long": 0,
    "workers-died": 0,
    closed: 0,
  };
  readonly #settledWaiters = new Set<() => void>();
  #lastId = 0;
  #turn = 0;
  #closed = false;
  #expiry: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(
    limits: DistributorLimits,
    nowMs: () => number,
    onRefused: (reason: RefusalReason, ip: string | undefined) => void,
  ) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#onRefused = onRefused;
    this.#addresses = createAddressCount(limits);
  }

  accept(socket: Socket, listener: string): void {
    // The copy is only ever sent or destroyed; an error on it says nothing that the worker's copy does not say too.
    socket.on("error", () => undefined);
    const total = this.#openCount() + this.#sent().length + this.#waiting.length;
    if (this.#closed) return this.#refuse(socket, "closed");
    if (total >= this.#limits.maxConnections) return this.#refuse(socket, "limit");
    if (this.#waiting.length >= this.#limits.maxWaiting) return this.#refuse(socket, "waiting-full");
    const addressKey = this.#addresses.enter(socket.remoteAddress);
    if (addressKey === undefined) return this.#refuse(socket, "limit-per-ip");
    this.#lastId += 1;
    const state = { acceptedMs: this.#nowMs(), sends: 0, isExpired: false };
    this.#waiting.push({ id: this.#lastId, socket, listener, addressKey, ...state });
    this.#dispatch();
  }

  addWorker(worker: ConnectionTarget): void {
    this.#seats.set(worker, createSeat(worker));
    this.#dispatch();
  }

  retireWorker(worker: ConnectionTarget): void {
    const seat = this.#seats.get(worker);
    if (seat !== undefined) seat.retired = true;
  }

  removeWorker(worker: ConnectionTarget): void {
    const seat = this.#seats.get(worker);
    if (seat === undefined) return;
    this.#seats.delete(worker);
    for (const key of seat.addressKeys.values()) this.#addresses.leave(key);
    if (seat.sent !== undefined) this.#requeue(seat.sent);
    this.#dispatch();
  }

  acknowledged(worker: ConnectionTarget, connectionId: number): void {
    const seat = this.#seats.get(worker);
    if (seat?.sent?.id !== connectionId) return;
    // Closes this process's copy only: destroy() closes the descriptor and sends nothing.
    seat.sent.socket.destroy();
    seat.addressKeys.set(connectionId, seat.sent.addressKey);
    clearSent(seat);
    this.#dispatch();
  }

  closed(worker: ConnectionTarget, connectionIds: readonly number[]): void {
    const keys = this.#seats.get(worker)?.addressKeys;
    for (const id of connectionIds) {
      const key = keys?.get(id);
      if (key !== undefined) this.#addresses.leave(key);
      keys?.delete(id);
    }
  }

  counts(): ConnectionCounts {
    return { open: this.#openCount(), waiting: this.#waiting.length, refused: { ...this.#refused } };
  }

  settled(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#settledWaiters.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done);
      this.#settledWaiters.add(done);
      if (signal.aborted) done();
      this.#tellSettled();
    });
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#waiting.splice(0)) this.#drop(connection, "closed");
    this.#watchExpiry();
    this.#tellSettled();
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const seat = this.#nextSeat();
      if (seat === undefined) break;
      const connection = this.#waiting.shift();
      if (connection === undefined) break;
      connection.sends += 1;
      this.#turn += 1;
      seat.lastTurn = this.#turn;
      seat.sent = connection;
      seat.sentMs = this.#nowMs();
      if (!seat.worker.sendConnection(connection, connection.socket)) {
        // Its death is on the way and will be reported; until then it must not be chosen again.
        seat.retired = true;
        clearSent(seat);
        this.#requeue(connection);
      }
    }
    this.#watchExpiry();
    this.#tellSettled();
  }

  #nextSeat(): Seat | undefined {
    clearTimeout(this.#patience);
    const nowMs = this.#nowMs();
    const choice = chooseSeat(
      [...this.#seats.values()].filter((seat) => !seat.retired),
      nowMs,
    );
    if (choice.kind === "wait") this.#patience = setTimeout(() => this.#dispatch(), Math.ceil(choice.untilMs - nowMs));
    return choice.kind === "seat" ? choice.seat : undefined;
  }

  /** Safe to send again: a worker acknowledges before it reads, so no byte of it was taken. */
  #requeue(connection: Connection): void {
    if (connection.isExpired) {
      this.#addresses.leave(connection.addressKey);
      connection.socket.destroy();
    } else if (this.#closed) this.#drop(connection, "closed");
    else if (connection.sends >= MAX_SENDS) this.#drop(connection, "workers-died");
    else this.#waiting.unshift(connection);
  }

  #drop({ addressKey, socket }: Connection, reason: RefusalReason): void {
    this.#addresses.leave(addressKey);
    this.#refuse(socket, reason);
  }

  #refuse(socket: Socket, reason: RefusalReason): void {
    this.#refused[reason] += 1;
    this.#onRefused(reason, socket.remoteAddress);
    socket.resetAndDestroy();
  }

  #openCount(): number {
    let open = 0;
    for (const seat of this.#seats.values()) open += seat.open;
    return open;
  }

  #sent(): readonly Connection[] {
    return [...this.#seats.values()].flatMap((seat) => seat.sent ?? []);
  }

  /** One timer for the connection that waits or is on its way for the longest time. */
  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    const onTheWay = this.#sent().filter((connection) => !connection.isExpired);
    const oldestMs = Math.min(
      ...[...this.#waiting.slice(0, 1), ...onTheWay].map((connection) => connection.acceptedMs),
    );
    if (oldestMs === Infinity) return;
    const leftMs = Math.max(0, oldestMs + this.#limits.maxWaitMs - this.#nowMs());
    this.#expiry = setTimeout(() => this.#expire(), Math.ceil(leftMs));
  }

  #expire(): void {
    const deadlineMs = this.#nowMs() - this.#limits.maxWaitMs;
    while (this.#waiting[0] !== undefined && this.#waiting[0].acceptedMs <= deadlineMs) {
      const connection = this.#waiting.shift();
      if (connection !== undefined) this.#drop(connection, "waited-too-long");
    }
    for (const connection of this.#sent()) {
      if (connection.isExpired || connection.acceptedMs > deadlineMs) continue;
      // The worker may hold a copy by now, so closing ours would not reach the caller; ending the connection does.
      connection.isExpired = true;
      connection.socket.end();
      this.#refused["waited-too-long"] += 1;
    }
    this.#watchExpiry();
    this.#tellSettled();
  }

  #tellSettled(): void {
    if (this.#waiting.length > 0 || this.#sent().length > 0) return;
    for (const done of this.#settledWaiters) done();
  }
}

function createSeat(worker: ConnectionTarget): Seat {
  const addressKeys = new Map<number, string>();
  return {
    worker,
    sent: undefined,
    sentMs: undefined,
    addressKeys,
    get open() {
      return addressKeys.size;
    },
    retired: false,
    lastTurn: 0,
  };
}

function clearSent(seat: Seat): void {
  seat.sent = undefined;
  seat.sentMs = undefined;
}
