/** Fewer removed values say nothing about the tails. */
const FEWEST = 100
const NARROWEST = 0.2
const WIDEST = 5

/** Factors on the distances of the lower and the upper bound from the median. */
export interface Widths {
  readonly lower: number
  readonly upper: number
}

/** A removed value and what the network says in its place. */
export interface Outcome {
  readonly actual: number
  readonly lower: number
  readonly median: number
  readonly upper: number
}

/**
 * Split conformal calibration: the factors with which, on values that the network was not trained on, the share `level`
 * would lie above the lower bound, and likewise below the upper one.
 */
export function calibrate(outcomes: readonly Outcome[], level: number): Widths {
  if (outcomes.length < FEWEST) return { lower: 1, upper: 1 }
  const factor = (ratios: readonly number[]): number => {
    const sorted = ratios.filter(Number.isFinite).sort((a, b) => a - b)
    const at = Math.min(sorted.length - 1, Math.ceil(level * (sorted.length + 1)) - 1)
    return Math.max(NARROWEST, Math.min(WIDEST, sorted[at] ?? 1))
  }
  return {
    lower: factor(outcomes.map(({ actual, median, lower }) => (median - actual) / (median - lower))),
    upper: factor(outcomes.map(({ actual, median, upper }) => (actual - median) / (upper - median))),
  }
}

export function widen<T extends Omit<Outcome, 'actual'>>(outcome: T, { lower, upper }: Widths): T {
  const { median } = outcome
  return {
    ...outcome,
    lower: median - lower * (median - outcome.lower),
    upper: median + upper * (outcome.upper - median),
  }
}
