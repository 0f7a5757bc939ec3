const DURATION_UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const SIZE_UNITS_BYTES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

/** The form of a duration, for JSON Schema and error messages. */
export const DURATION_FORM = formOf(DURATION_UNITS_MS);
/** The form of a size, for JSON Schema and error messages. */
export const SIZE_FORM = formOf(SIZE_UNITS_BYTES);

/** Milliseconds of `500ms`, `10s`, `1.5m`, `1h`; undefined without a unit, in another form, or when they are not whole. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, DURATION_FORM, DURATION_UNITS_MS);
}

/** Bytes of `512B`, `100kB`, `16MiB`, `1.5GiB`; undefined without a unit, in another form, or when they are not whole. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE_FORM, SIZE_UNITS_BYTES);
}

interface QuantityForm {
  /** Regular expression over the whole text. */
  readonly pattern: string;
  readonly units: readonly string[];
}

function formOf(units: Readonly<Record<string, number>>): QuantityForm {
  const names = Object.keys(units);
  return { pattern: `^([0-9]{1,15})(?:\\.([0-9]{1,9}))?(${names.join("|")})$`, units: names };
}

function parseQuantity(text: string, form: QuantityForm, units: Readonly<Record<string, number>>): number | undefined {
  const [, whole, fraction = "", unit] = new RegExp(form.pattern).exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  if (whole === undefined || factor === undefined) return undefined;
  // In whole numbers: 4.35 * 1000 and its kind are not exact in floating point.
  const scaled = BigInt(whole + fraction) * BigInt(factor);
  const divisor = 10n ** BigInt(fraction.length);
  const value = Number(scaled / divisor);
  return scaled % divisor === 0n && Number.isSafeInteger(value) ? value : undefined;
}
