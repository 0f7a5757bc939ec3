import fc from "fast-check";
import { type DataOf, type DType, DTYPE_NAMES } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Elements of every type, the edges of their ranges among them. */
const ELEMENTS: { readonly [D in DType]: (length: number) => fc.Arbitrary<DataOf[D]> } = {
  float32: (length) => fc.float32Array({ minLength: length, maxLength: length }),
  float64: (length) => fc.float64Array({ minLength: length, maxLength: length }),
  float16: (length) => fc.uint16Array({ minLength: length, maxLength: length }),
  bfloat16: (length) => fc.uint16Array({ minLength: length, maxLength: length }),
  int8: (length) => fc.int8Array({ minLength: length, maxLength: length }),
  uint8: (length) => fc.uint8Array({ minLength: length, maxLength: length }),
  int16: (length) => fc.int16Array({ minLength: length, maxLength: length }),
  uint16: (length) => fc.uint16Array({ minLength: length, maxLength: length }),
  int32: (length) => fc.int32Array({ minLength: length, maxLength: length }),
  uint32: (length) => fc.uint32Array({ minLength: length, maxLength: length }),
  int64: (length) => fc.bigInt64Array({ minLength: length, maxLength: length }),
  uint64: (length) => fc.bigUint64Array({ minLength: length, maxLength: length }),
  bool: (length) => fc.uint8Array({ minLength: length, maxLength: length, max: 1 }),
  string: (length) => fc.array(fc.string({ unit: "grapheme" }), { minLength: length, maxLength: length }),
};

/** Any tensor of these types: scalars, sizes of 0 and up to three axes among them. */
export function anyTensor(dtypes: readonly DType[] = DTYPE_NAMES): fc.Arbitrary<Tensor> {
  return fc.tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 3 })).chain(([dtype, shape]) => {
    const elements: fc.Arbitrary<DataOf[DType]> = ELEMENTS[dtype](shape.reduce((product, size) => product * size, 1));
    return elements.map((data) => ({ dtype, shape, data }) as Tensor);
  });
}
