/** The value that a share (0 to 1) of some numbers does not exceed, by nearest rank; NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const ascending = [...numbers].sort((a, b) => a - b);
  return ascending[Math.max(1, Math.ceil(share * ascending.length)) - 1] ?? Number.NaN;
}
