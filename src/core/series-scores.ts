import type { Accuracy, TargetScores } from './accuracy.js'
import { SCORED_BY, SCORE_WIDTH, type HorizonBucket } from './layout.js'
import type { SeriesTable } from './series-table.js'

/** Rolling scores of one series in a horizon bucket. */
export interface SeriesScores {
  readonly bucket: HorizonBucket
  readonly published: TargetScores
  readonly baseline: TargetScores
}

/**
 * Moves a series' rolling means in one bucket by the targets that one observation was, as summed in `ours` and `theirs`:
 * plain means at first, then exponentially forgetting with the layout's half-life.
 */
export function learnSeriesScores(
  table: SeriesTable,
  slot: number,
  bucket: number,
  ours: Accuracy,
  theirs: Accuracy,
): void {
  const { layout, f32 } = table
  const at = slot * layout.width + layout.scores + bucket * SCORE_WIDTH
  const { count } = ours
  const arrivals = (f32[at]! += 1)
  const rate = Math.max(layout.scoreRate, 1 / arrivals)
  f32[at + 1]! += rate * (ours.absoluteValue / count - f32[at + 1]!)
  for (let who = 0, o = at + 2; who < 2; who++, o += SCORED_BY) {
    const sums = who === 0 ? ours : theirs
    f32[o]! += rate * (sums.scaledError / count - f32[o]!)
    f32[o + 1]! += rate * (sums.scaledBias / count - f32[o + 1]!)
    f32[o + 2]! += rate * (sums.quantileLoss / count - f32[o + 2]!)
    f32[o + 3]! += rate * (sums.inside / count - f32[o + 3]!)
    f32[o + 4]! += rate * (sums.symmetricError / count - f32[o + 4]!)
  }
}

/** A series' rolling scores in each bucket, none of symbols; its targets are the observations that were any. */
export function seriesScores(table: SeriesTable, slot: number): SeriesScores[] {
  const { layout, f32 } = table
  if (layout.kind === 'symbols') return []
  return layout.buckets.map((bucket, b) => {
    const at = slot * layout.width + layout.scores + b * SCORE_WIDTH
    const targets = f32[at]!
    const absolute = f32[at + 1]!
    const scored = (o: number): TargetScores => {
      const known = (mean: number): number | null => (targets > 0 ? mean : null)
      return {
        mase: known(f32[o]!),
        bias: known(f32[o + 1]!),
        wql: absolute > 0 ? (2 * f32[o + 2]!) / 3 / absolute : null,
        coverage: known(f32[o + 3]!),
        smape: known(f32[o + 4]!),
        targets,
      }
    }
    return { bucket, published: scored(at + 2), baseline: scored(at + 2 + SCORED_BY) }
  })
}

/** Rolling MASE of what was published for a series, over all buckets by their scored steps; NaN until something was scored. */
export function seriesMase(table: SeriesTable, slot: number): number {
  return overBuckets(table, slot, 0)
}

/** Rolling coverage of what was published for a series, as `seriesMase`. */
export function seriesCoverage(table: SeriesTable, slot: number): number {
  return overBuckets(table, slot, 3)
}

function overBuckets({ layout, f32 }: SeriesTable, slot: number, figure: number): number {
  if (layout.kind === 'symbols') return NaN
  let sum = 0
  let weight = 0
  let before = 0
  for (let b = 0; b < layout.buckets.length; b++) {
    const at = slot * layout.width + layout.scores + b * SCORE_WIDTH
    const { end } = layout.buckets[b]!
    if (f32[at]! > 0) {
      sum += (end - before) * f32[at + 2 + figure]!
      weight += end - before
    }
    before = end
  }
  return weight > 0 ? sum / weight : NaN
}
