/** How one error code looks on each wire. `exposed`: its message may be shown to the caller. */
export interface ErrorRow {
  readonly http: number;
  /** gRPC status code, from the gRPC specification "Status codes and their use". */
  readonly grpc: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly exposed: boolean;
}

/** The closed list of error codes and their meaning on every wire: the code says who must act. */
export const ERROR_TABLE = {
  INVALID_ARGUMENT: { http: 400, grpc: 3, title: "Invalid argument", retryable: false, exposed: true },
  UNAUTHENTICATED: { http: 401, grpc: 16, title: "Authentication required", retryable: false, exposed: true },
  PERMISSION_DENIED: { http: 403, grpc: 7, title: "Not allowed", retryable: false, exposed: true },
  NOT_FOUND: { http: 404, grpc: 5, title: "Not found", retryable: false, exposed: true },
  METHOD_NOT_ALLOWED: { http: 405, grpc: 12, title: "Method not allowed", retryable: false, exposed: true },
  NOT_ACCEPTABLE: { http: 406, grpc: 3, title: "Not acceptable", retryable: false, exposed: true },
  REQUEST_TIMEOUT: { http: 408, grpc: 4, title: "Request timeout", retryable: true, exposed: true },
  FAILED_PRECONDITION: { http: 409, grpc: 9, title: "Failed precondition", retryable: false, exposed: true },
  PAYLOAD_TOO_LARGE: { http: 413, grpc: 8, title: "Payload too large", retryable: false, exposed: true },
  UNSUPPORTED_MEDIA_TYPE: { http: 415, grpc: 3, title: "Unsupported media type", retryable: false, exposed: true },
  RESOURCE_EXHAUSTED: { http: 429, grpc: 8, title: "Too many requests", retryable: true, exposed: true },
  HEADERS_TOO_LARGE: { http: 431, grpc: 8, title: "Request headers too large", retryable: false, exposed: true },
  CANCELLED: { http: 499, grpc: 1, title: "Cancelled by the caller", retryable: false, exposed: true },
  INTERNAL: { http: 500, grpc: 13, title: "Internal error", retryable: false, exposed: false },
  UNIMPLEMENTED: { http: 501, grpc: 12, title: "Not implemented", retryable: false, exposed: true },
  UNAVAILABLE: { http: 503, grpc: 14, title: "Unavailable", retryable: true, exposed: true },
  DEADLINE_EXCEEDED: { http: 504, grpc: 4, title: "Deadline exceeded", retryable: true, exposed: true },
} as const satisfies Record<string, ErrorRow>;

/** One of the closed error codes. */
export type ErrorCode = keyof typeof ERROR_TABLE;
