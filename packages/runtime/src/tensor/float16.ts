const scratch = new DataView(new ArrayBuffer(4));

/** The value of 16 bits of IEEE 754 binary16. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest IEEE 754 binary16 of a number as 16 bits; ties go to even, what is too large becomes infinity. */
export function numberToFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // 65520 is half-way between the largest binary16 (65504) and 2^16.
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // log2 rounds: take the exponent that leaves a fraction in [1, 2).
  const power = 2 ** exponent > size ? exponent - 1 : 2 ** (exponent + 1) <= size ? exponent + 1 : exponent;
  const fraction = roundToEven((size / 2 ** power - 1) * 1024);
  // A fraction that rounds up to 1024 carries into the exponent by plain addition.
  return sign | (((power + 15) << 10) + fraction);
}

/** The value of 16 bits of bfloat16: the upper half of a binary32. */
export function bfloat16ToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** The nearest bfloat16 of a number as 16 bits; ties go to even, what is too large becomes infinity. */
export function numberToBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const upper = bits >>> 16;
  const rest = bits & 0xffff;
  if (rest !== 0x8000) return rest > 0x8000 ? upper + 1 : upper;
  // A tie of the binary32: if rounding to binary32 made it, the number itself says which side it is on; else even wins.
  const single = Math.abs(scratch.getFloat32(0));
  const size = Math.abs(value);
  if (size !== single) return size > single ? upper + 1 : upper;
  return upper & 1 ? upper + 1 : upper;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}
