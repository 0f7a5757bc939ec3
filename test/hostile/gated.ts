import { api, type Context, service, ServingError, t } from "@bento-ts/runtime";

/** What the service's methods saw and did; the tests open the gate. */
export const seen = {
  /** Values that the stream's generator has made. */
  pulled: 0,
  /** How many generators have run their `finally`. */
  ended: 0,
  signals: [] as AbortSignal[],
  gate: Promise.withResolvers<void>(),
};

/** Forgets everything and closes the gate. */
export function closeGate(): void {
  Object.assign(seen, { pulled: 0, ended: 0, signals: [], gate: Promise.withResolvers<void>() });
}

const FILLER = "x".repeat(16_384);

/** A service whose methods end when the test says so: work that can't be interrupted, as a run of a model. */
@service({ name: "gated", version: "1.0.0" })
export class Gated {
  @api({ input: t.Integer(), output: t.Integer() })
  async work(value: number, ctx: Context): Promise<number> {
    seen.signals.push(ctx.signal);
    await seen.gate.promise;
    return value;
  }

  @api({ input: t.String(), output: t.String() })
  echo(text: string): string {
    return text;
  }

  /** Gives values as long as they are asked for. */
  @api({ input: t.Integer(), output: t.String() })
  async *flow(count: number): AsyncGenerator<string> {
    try {
      for (let at = 0; at < count; at += 1) {
        seen.pulled += 1;
        yield FILLER;
      }
    } finally {
      seen.ended += 1;
    }
  }

  /** Gives one value, then computes until the gate opens. */
  @api({ input: t.Integer(), output: t.Integer() })
  async *stuck(value: number, ctx: Context): AsyncGenerator<number> {
    seen.signals.push(ctx.signal);
    try {
      yield value;
      await seen.gate.promise;
      yield value;
    } finally {
      seen.ended += 1;
    }
  }

  /** Computes until the gate opens before its first value. */
  @api({ input: t.Integer(), output: t.Integer() })
  async *late(value: number, ctx: Context): AsyncGenerator<number> {
    seen.signals.push(ctx.signal);
    try {
      await seen.gate.promise;
      yield value;
    } finally {
      seen.ended += 1;
    }
  }

  /** Fails behind its first value. */
  @api({ input: t.Integer(), output: t.Integer() })
  async *broken(value: number): AsyncGenerator<number> {
    yield value;
    throw value === 0 ? new Error("secret") : new ServingError("FAILED_PRECONDITION", "no more of it");
  }
}
