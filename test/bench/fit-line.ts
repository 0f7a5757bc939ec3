/** Least squares through evenly spaced samples: the slope for one step, and its standard error. */
export function fitLine(samples: readonly number[]): { readonly slope: number; readonly noise: number } {
  const count = samples.length;
  const middle = (count - 1) / 2;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / count;
  const spread = samples.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  const slope = samples.reduce((sum, sample, at) => sum + (at - middle) * (sample - mean), 0) / spread;
  const squares = samples.reduce((sum, sample, at) => sum + (sample - mean - slope * (at - middle)) ** 2, 0);
  return { slope, noise: Math.sqrt(squares / (count - 2) / spread) };
}
