import { Random } from '../../model/random.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { fillGaps } from '../../training/imputation/fill.js'
import { learnGaps, longestGap, type Imputer } from '../../training/imputation/learn.js'
import { scaled } from '../../training/imputation/window.js'
import { calibrate, widen, type Outcome } from './calibrate.js'
import type { Fill, ImputeJob, ImputeResult } from './protocol.js'
import { linear, naiveError, qualityOf, seasonalNaive, type Judged } from './quality.js'
import { removeStretches, stretchLengths, type Removal } from './removal.js'

/** The interval is that between the lowest and the highest. */
const QUANTILES = [0.1, 0.5, 0.9] as const

export interface ImputeOptions extends ImputeJob {
  readonly tf: TensorFlow
  readonly fused: boolean
  readonly backend: string
  readonly onUpdate: (update: number, updates: number, loss: number) => void
}

/**
 * Removes stretches of what is known, learns to fill gaps without them, calibrates the intervals on half of them, measures
 * on the other half; then fills the real gaps, with everything known around them.
 */
export async function impute(options: ImputeOptions): Promise<ImputeResult> {
  const { histories, season, seed } = options
  const random = new Random(seed)
  const longest = longestGap(season)
  const stretches = stretchLengths(season.short, longest)
  const removals = histories.map(({ values }) => removeStretches(values, stretches, random))
  const reduced = histories.map((history, i) => scaled({ ...history, values: removals[i]!.values }))
  const started = performance.now()
  let updates = 0
  const imputer = await learnGaps({
    ...options,
    series: reduced,
    quantiles: QUANTILES,
    signal: new AbortController().signal, // the thread is ended instead
    onUpdate(update, of, loss) {
      updates = update
      options.onUpdate(update, of, loss)
    },
  })
  const seconds = (performance.now() - started) / 1000
  const fill = (series: (typeof reduced)[number]): Fill[] => fillsOf(options, imputer, series)
  const guesses = reduced.map((series) => new Map(fill(series).map((one) => [one.step, one])))
  const outcomesOf = (i: number, steps: readonly number[]): (Fill & Outcome)[] =>
    steps.flatMap((step) => {
      const guess = guesses[i]!.get(step) // none where a removed stretch and a gap make too long a one
      return guess === undefined ? [] : [{ ...guess, actual: histories[i]!.values[step]! }]
    })
  const outcomes = removals.flatMap(({ calibration }, i) => outcomesOf(i, calibration))
  const widths = calibrate(outcomes, QUANTILES[2])
  const tested = removals.map(({ test }, i) => outcomesOf(i, test).map((one) => widen(one, widths)))
  return {
    fills: histories.map((history, i) => {
      const bound = history.values.some((x) => x < 0) ? -Infinity : 0
      const { mean, scale } = reduced[i]!
      const series = { start: history.start, values: history.values, mean, scale }
      return fill(series).map((one) => notBelow(bound, widen(one, widths)))
    }),
    quality: { stretches, ...measure(options, removals, tested) },
    longestGap: longest,
    updates,
    seconds,
    backend: options.backend,
  }
}

function fillsOf(
  { tf, fused }: ImputeOptions,
  imputer: Imputer,
  series: Parameters<typeof fillGaps>[3],
): Fill[] {
  const { steps, quantiles } = fillGaps(tf, fused, imputer, series)
  return Array.from(steps, (step, i) => {
    const [lower, median, upper] = quantiles.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number]
    return { step, lower, median, upper }
  })
}

function notBelow(bound: number, { step, lower, median, upper }: Fill): Fill {
  const least = (x: number): number => Math.max(bound, x)
  return { step, lower: least(lower), median: least(median), upper: least(upper) }
}

function measure(
  { histories, season }: ImputeJob,
  removals: readonly Removal[],
  tested: readonly (readonly (Fill & Outcome)[])[],
): Omit<ImputeResult['quality'], 'stretches'> {
  const judge = (estimate: (outcome: Fill, values: Float64Array, lag: number) => number, banded = false) =>
    qualityOf(
      tested.flatMap((outcomes, i): Judged[] => {
        if (outcomes.length === 0) return []
        const { values } = removals[i]!
        const [short, long] = [naiveError(values, season.short), naiveError(values, season.long)]
        const lag = long < short ? season.long : season.short
        return [
          {
            actual: outcomes.map((one) => one.actual),
            estimate: outcomes.map((one) => estimate(one, values, lag)),
            unit: naiveError(histories[i]!.values, season.short),
            ...(banded
              ? { inside: outcomes.filter((o) => o.lower <= o.actual && o.actual <= o.upper).length }
              : {}),
          },
        ]
      }),
    )
  return {
    values: tested.reduce((sum, outcomes) => sum + outcomes.length, 0),
    network: judge(({ median }) => median, true),
    linear: judge(({ step }, values) => linear(values, step)),
    seasonalNaive: judge(({ step }, values, lag) => seasonalNaive(values, step, lag)),
  }
}
