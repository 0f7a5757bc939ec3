/** How fast a bucket fills and how much it holds. */
export interface BucketPolicy {
  /** Tokens that come in each window, evenly. */
  readonly rate: number;
  readonly windowMs: number;
  /** Most tokens that are there at once, those that are lent out included. */
  readonly burst: number;
}

/** A bucket as it was at a time (monotonic milliseconds). */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A bucket that nobody has taken from. */
export function fullBucket({ burst }: BucketPolicy, nowMs: number): Bucket {
  return { tokens: burst, atMs: nowMs };
}

/**
 * The bucket as it is now, of whose burst `lent` tokens are elsewhere: what is there and what is lent never pass the burst together. So in any time no more
 * than burst + rate · time can be taken, whoever holds the tokens. A clock that goes back adds nothing.
 */
export function refilled(
  { tokens, atMs }: Bucket,
  { rate, windowMs, burst }: BucketPolicy,
  nowMs: number,
  lent = 0,
): Bucket {
  const come = (Math.max(0, nowMs - atMs) * rate) / windowMs;
  return { tokens: Math.min(burst - lent, tokens + come), atMs: Math.max(atMs, nowMs) };
}

/** Milliseconds until so many tokens are there; 0 when they are. */
export function msUntil({ tokens }: Bucket, { rate, windowMs }: BucketPolicy, wanted: number): number {
  return tokens >= wanted ? 0 : Math.ceil(((wanted - tokens) * windowMs) / rate);
}
