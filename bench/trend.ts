/** How steeply something grows, and between what bounds it does with a confidence of 95 %. */
export interface Trend {
  readonly slope: number
  readonly low: number
  readonly high: number
}

const Z95 = 1.96

/**
 * The median slope of the lines through all pairs of points (Theil–Sen), with Sen's interval around it, by the variance of
 * Kendall's score: neither is moved by single points that stand out.
 * @param points of different `x`, at least 10 for the interval to hold
 */
export function trend(points: readonly { readonly x: number; readonly y: number }[]): Trend {
  const slopes = points
    .flatMap((a, i) => points.slice(i + 1).map((b) => (b.y - a.y) / (b.x - a.x)))
    .sort((a, b) => a - b)
  const n = points.length
  const spread = Z95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (rank: number): number =>
    slopes[Math.max(0, Math.min(slopes.length - 1, Math.round(rank)))] ?? NaN
  return {
    slope: at((slopes.length - 1) / 2),
    low: at((slopes.length - spread) / 2 - 1),
    high: at((slopes.length + spread) / 2),
  }
}
