/** Quantiles of a forecast, step by step ahead. */
export interface Quantiles {
  readonly low: readonly number[]
  readonly middle: readonly number[]
  readonly high: readonly number[]
}

/** The outermost band, and the quantile that is closest to the median; of nothing, nothing. */
export function outermost(quantiles: Readonly<Record<string, readonly number[]>>): Quantiles {
  const levels = outermostLevels(Object.keys(quantiles))
  if (levels === null) return { low: [], middle: [], high: [] }
  const [low, middle, high] = levels.map((level) => quantiles[level] ?? [])
  return { low: low!, middle: middle!, high: high! }
}

export function outermostLevels(
  levels: readonly string[],
): readonly [low: string, middle: string, high: string] | null {
  const sorted = [...levels].sort((a, b) => Number(a) - Number(b))
  const [low, high] = [sorted[0], sorted.at(-1)]
  const middle = sorted.reduce<string | undefined>(
    (best, level) =>
      best === undefined || Math.abs(Number(level) - 0.5) < Math.abs(Number(best) - 0.5) ? level : best,
    undefined,
  )
  return low === undefined || middle === undefined || high === undefined ? null : [low, middle, high]
}
