import net from "node:net";

/** Types, flags and codes of HTTP/2 that the tests use. Source: RFC 9113, sections 6 and 7. */
export const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, CONTINUATION: 9 } as const;
export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4 } as const;
export const CODE = { PROTOCOL_ERROR: 1, CANCEL: 8, ENHANCE_YOUR_CALM: 11 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A connection that sends frames as they are: client libraries would refuse to. */
export interface RawHttp2 {
  /** False when the connection is gone. */
  send(...frames: readonly Buffer[]): boolean;
  /** Frames that came so far. */
  readonly received: readonly Frame[];
  /** Resolves when the server has ended the connection; rejects when it has not within the time. */
  closed(withinMs: number): Promise<void>;
  /** Resolves with the first frame that fits, whether it came already or comes yet. */
  next(fits: (frame: Frame) => boolean): Promise<Frame>;
  destroy(): void;
}

/** Opens a connection, sends the preface and empty settings. */
export async function openHttp2(port: number): Promise<RawHttp2> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  const received: Frame[] = [];
  const waiting = new Set<() => void>();
  let rest = Buffer.alloc(0);
  let isClosed = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
    wake();
  });
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3);
      const [type = 0, flags = 0] = rest.subarray(3, 5);
      received.push({ type, flags, stream: rest.readUInt32BE(5) & 0x7fffffff, payload: rest.subarray(9, 9 + length) });
      rest = rest.subarray(9 + length);
    }
    wake();
  });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined && !isClosed) return;
        waiting.delete(check);
        if (found === undefined) reject(new Error("the connection ended before"));
        else resolve(found);
      };
      waiting.add(check);
      check();
    });
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(FRAME.SETTINGS, 0, 0)]));
  return {
    received,
    send: (...frames) => !isClosed && (socket.write(Buffer.concat(frames)), true),
    next: (fits) => until(() => received.find(fits)),
    closed(withinMs) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`the connection is still open after ${withinMs} ms`)), withinMs);
      void until(() => (isClosed ? true : undefined)).then(() => {
        clearTimeout(timer);
        resolve();
      }, reject);
      return promise;
    },
    destroy: () => socket.destroy(),
  };
}

/** One frame as it goes on the wire. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field as literal without indexing, names and values up to 16 KiB. Source: RFC 7541, section 6.2.2. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** The fields that every gRPC call has. */
export function callFields(path: string): Buffer {
  return Buffer.concat([
    field(":method", "POST"),
    field(":scheme", "http"),
    field(":path", path),
    field(":authority", "localhost"),
    field("content-type", "application/grpc"),
    field("te", "trailers"),
  ]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  // Source: RFC 7541, section 5.1, a prefix of 7 bits.
  const length = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let left = bytes.length - 127;
    for (; left >= 128; left >>= 7) length.push((left & 127) | 128);
    length.push(left);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
