import { invalidInput } from "../../../errors.ts";
import { elementCount, formatShape } from "../../../tensor/shape.ts";

/** Throws INVALID_ARGUMENT at `path` when a tensor's values are not as many as its shape says, or no shape can be so. */
export function assertFills(shape: readonly number[], count: number, path: string): void {
  const wanted = elementCount(shape);
  if (wanted === count) return;
  throw invalidInput([
    { path: `${path}/values`, message: `expected ${wanted} values for shape ${formatShape(shape)}, got ${count}` },
  ]);
}
