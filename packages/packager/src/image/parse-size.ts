const UNITS = { "": 1, B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const satisfies Record<string, number>;

/** Bytes of a size as engines print it, `195546112` or `195.5 MB`; NaN for another text. */
export function parseSize(text: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)\s*([A-Za-z]*)$/.exec(text) ?? [];
  return number === "" || !(unit in UNITS) ? Number.NaN : Number(number) * UNITS[unit as keyof typeof UNITS];
}
