import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createConnectionDistributor,
  type ConnectionDistributor,
  type ConnectionTarget,
} from "./connection-distributor.ts";

/** A worker that records what it is sent; real ones are in no-caller-hangs.test.ts. */
interface Recorder extends ConnectionTarget {
  readonly ids: number[];
  isReachable: boolean;
}

function createRecorder(): Recorder {
  return {
    ids: [],
    isReachable: true,
    sendConnection({ id }) {
      if (this.isReachable) this.ids.push(id);
      return this.isReachable;
    },
  };
}

describe("createConnectionDistributor", () => {
  let server: Server;
  let clients: Socket[];
  let nowMs: number;

  beforeEach(async () => {
    clients = [];
    nowMs = 0;
    server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    for (const client of clients) client.destroy();
    server.close();
  });

  const LIMITS = {
    maxConnections: 100,
    maxConnectionsPerIp: 100,
    trustedProxies: [],
    maxWaiting: 100,
    maxWaitMs: 60_000,
  };
  const create = (limits: Partial<typeof LIMITS> = {}): ConnectionDistributor =>
    createConnectionDistributor({ ...LIMITS, ...limits }, () => nowMs);

  /** Accepts a real connection; resolves with a promise of how its caller sees it end. */
  async function accept(
    distributor: ConnectionDistributor,
    localAddress = "127.0.0.1",
  ): Promise<{ readonly ended: Promise<string> }> {
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const { port } = server.address() as AddressInfo;
    const client = connect({ port, host: "127.0.0.1", localAddress });
    clients.push(client);
    const ended = new Promise<string>((resolve) => {
      client.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
      client.once("end", () => resolve("end"));
      client.resume();
    });
    distributor.accept(await accepted, "http");
    return { ended };
  }

  it("sends one connection at a time to a worker", async () => {
    const distributor = create();
    const worker = createRecorder();
    distributor.addWorker(worker);
    await accept(distributor);
    await accept(distributor);
    expect(worker.ids).toEqual([1]);
    expect(distributor.counts()).toMatchObject({ open: 0, waiting: 1 });
    distributor.acknowledged(worker, 1);
    expect(worker.ids).toEqual([1, 2]);
    expect(distributor.counts()).toMatchObject({ open: 1, waiting: 0 });
  });

  it("chooses the worker with the fewest open connections, and takes turns among equals", async () => {
    const distributor = create();
    const workers = [createRecorder(), createRecorder()] as const;
    for (const worker of workers) distributor.addWorker(worker);
    for (let id = 1; id <= 4; id += 1) {
      await accept(distributor);
      for (const worker of workers) distributor.acknowledged(worker, id);
    }
    expect(workers.map(({ ids }) => ids)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    distributor.closed(workers[1], [2, 4]);
    await accept(distributor);
    distributor.acknowledged(workers[1], 5);
    await accept(distributor);
    expect(workers.map(({ ids }) => ids)).toEqual([
      [1, 3],
      [2, 4, 5, 6],
    ]);
  });

  it("sends what a dead worker had not taken to another one, before what came later", async () => {
    const distributor = create();
    const dead = createRecorder();
    distributor.addWorker(dead);
    await accept(distributor);
    await accept(distributor);
    const alive = createRecorder();
    distributor.removeWorker(dead);
    distributor.addWorker(alive);
    distributor.acknowledged(alive, 1);
    expect(alive.ids).toEqual([1, 2]);
  });

  it("resets a connection that three workers died with", async () => {
    const distributor = create();
    const { ended } = await accept(distributor);
    for (let round = 0; round < 3; round += 1) {
      const worker = createRecorder();
      distributor.addWorker(worker);
      expect(worker.ids).toEqual([1]);
      distributor.removeWorker(worker);
    }
    expect(await ended).toBe("ECONNRESET");
    expect(distributor.counts()).toMatchObject({ waiting: 0, refused: { "workers-died": 1 } });
  });

  it("passes over a worker that can't be reached", async () => {
    const distributor = create();
    const gone = createRecorder();
    gone.isReachable = false;
    distributor.addWorker(gone);
    const alive = createRecorder();
    distributor.addWorker(alive);
    await accept(distributor);
    expect(alive.ids).toEqual([1]);
  });

  it("resets connections past the limit of all, and past the number that may wait", async () => {
    const distributor = create({ maxConnections: 3, maxWaiting: 2 });
    const worker = createRecorder();
    await accept(distributor);
    await accept(distributor);
    expect(await (await accept(distributor)).ended).toBe("ECONNRESET");
    expect(distributor.counts()).toMatchObject({ waiting: 2, refused: { "waiting-full": 1, limit: 0 } });
    distributor.addWorker(worker);
    distributor.acknowledged(worker, 1);
    await accept(distributor);
    expect(await (await accept(distributor)).ended).toBe("ECONNRESET");
    expect(distributor.counts()).toMatchObject({ open: 1, waiting: 1, refused: { "waiting-full": 1, limit: 1 } });
  });

  it("resets connections past the limit of one address, and lets others in", async () => {
    const distributor = create({ maxConnectionsPerIp: 2 });
    const worker = createRecorder();
    await accept(distributor);
    await accept(distributor);
    const { ended } = await accept(distributor);
    expect(await ended).toBe("ECONNRESET");
    await accept(distributor, "127.0.0.2");
    expect(distributor.counts()).toMatchObject({ waiting: 3, refused: { "limit-per-ip": 1, limit: 0 } });
    distributor.addWorker(worker);
    for (const id of [1, 2]) distributor.acknowledged(worker, id);
    expect(await (await accept(distributor)).ended).toBe("ECONNRESET");
    distributor.closed(worker, [2]);
    await accept(distributor);
    expect(distributor.counts()).toMatchObject({ refused: { "limit-per-ip": 2 } });
  });

  it("forgets the addresses of a dead worker's connections, and of those that are reset while they wait", async () => {
    const distributor = create({ maxConnectionsPerIp: 1, maxWaiting: 1, maxWaitMs: 0 });
    const dead = createRecorder();
    distributor.addWorker(dead);
    await accept(distributor);
    distributor.acknowledged(dead, 1);
    distributor.removeWorker(dead);
    const waiting = await accept(distributor);
    expect(distributor.counts()).toMatchObject({ waiting: 1, refused: { "limit-per-ip": 0 } });
    expect(await waiting.ended).toBe("ECONNRESET");
    await accept(distributor);
    expect(distributor.counts()).toMatchObject({ refused: { "limit-per-ip": 0, "waited-too-long": 1 } });
  });

  it("counts a connection that two workers died with once", async () => {
    const distributor = create({ maxConnectionsPerIp: 2 });
    await accept(distributor);
    for (const dead of [createRecorder(), createRecorder()]) {
      distributor.addWorker(dead);
      distributor.removeWorker(dead);
    }
    await accept(distributor);
    expect(distributor.counts()).toMatchObject({ waiting: 2, refused: { "limit-per-ip": 0 } });
    expect(await (await accept(distributor)).ended).toBe("ECONNRESET");
  });

  it("gives nothing more to a retired worker, and knows when all is handed over", async () => {
    const distributor = create();
    const worker = createRecorder();
    distributor.addWorker(worker);
    await accept(distributor);
    distributor.retireWorker(worker);
    const { ended } = await accept(distributor);
    let isSettled = false;
    const settled = distributor.settled(new AbortController().signal).then(() => {
      isSettled = true;
    });
    distributor.acknowledged(worker, 1);
    expect(worker.ids).toEqual([1]);
    await Promise.resolve();
    expect(isSettled).toBe(false);
    distributor.close();
    await settled;
    expect(await ended).toBe("ECONNRESET");
    expect(distributor.counts()).toMatchObject({ open: 1, waiting: 0, refused: { closed: 1 } });
    expect(await (await accept(distributor)).ended).toBe("ECONNRESET");
  });

  it("takes no notice of an acknowledgement of something else", async () => {
    const distributor = create();
    const worker = createRecorder();
    distributor.addWorker(worker);
    await accept(distributor);
    distributor.acknowledged(worker, 99);
    expect(distributor.counts()).toMatchObject({ open: 0 });
    distributor.closed(worker, [5]);
    expect(distributor.counts()).toMatchObject({ open: 0 });
  });
});
