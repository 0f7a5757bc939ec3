import { quote } from "../../describe-value.ts";
import { invalidInput } from "../../errors.ts";
import { type DType, DTYPE_NAMES, DTYPES } from "../../tensor/dtype.ts";

const BY_V2_NAME: ReadonlyMap<string, DType> = new Map(DTYPE_NAMES.map((dtype) => [DTYPES[dtype].v2, dtype]));

/** The element type of a V2 `datatype`. Throws INVALID_ARGUMENT at `path` for an unknown one. */
export function parseDatatype(name: string, path: string): DType {
  const dtype = BY_V2_NAME.get(name);
  if (dtype !== undefined) return dtype;
  throw invalidInput([
    { path, message: `expected a datatype of ${[...BY_V2_NAME.keys()].join(", ")}, got ${quote(name)}` },
  ]);
}

/** Sizes that a shape may have; the tensors of numerical libraries have 64 at the most. */
const MAX_AXES = 64;

/** Refuses a shape of more axes than any tensor has: places and shapes in messages are as long as it. */
export function assertAxes(count: number, path: string): void {
  if (count > MAX_AXES) throw invalidInput([{ path, message: `expected at most ${MAX_AXES} sizes, got ${count}` }]);
}
