/** How one call ended, whatever the protocol. */
export interface Answer {
  /** HTTP status, or gRPC status code. */
  readonly status: number;
  /** What the caller reads of an error; "" where the call succeeded. */
  readonly error: string;
  /** The numbers of the result, row by row; empty where the call failed. */
  readonly values: readonly number[];
  /** Reply headers, or initial and trailing metadata, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface CallOptions {
  readonly model?: string;
  readonly requestId?: string;
  /** The caller's own time: X-Request-Timeout-Ms, or the gRPC deadline. */
  readonly timeoutMs?: number;
  /** Further headers or metadata. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Leaves the call when it aborts; over HTTP the call rejects then. */
  readonly signal?: AbortSignal;
}

/** One protocol over one transport, spoken by a client that shares no code with the server. */
export interface Surface {
  readonly name: string;
  readonly transport: "http" | "grpc";
  /** Protocol label of metrics and audit records. */
  readonly protocol: string;
  /** Sends rows of numbers. */
  call(rows: readonly (readonly number[])[], options?: CallOptions): Promise<Answer>;
  /** Sends these bytes in place of a message of the protocol. */
  sendBytes(bytes: Uint8Array, options?: CallOptions): Promise<Answer>;
  close(): void;
}

/** Where the server answers. */
export interface Addresses {
  readonly url: string;
  readonly grpcAddress: string;
  /** The service's generated .proto file. */
  readonly protoFile: string;
}
