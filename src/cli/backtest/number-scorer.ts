import { Accuracy, type ScoredLevels, type TargetScores } from '../../core/accuracy.js'
import type { HorizonBucket } from '../../core/layout.js'
import type { ModelReport } from '../../ports/control/backtest-report.js'
import { scoredAt, type Actuals } from './actuals.js'
import { periodLength } from './period.js'
import { meanScores } from './mean-scores.js'

export interface ScoredForm {
  readonly horizon: number
  /** Ascending, odd in number. */
  readonly quantiles: readonly number[]
  readonly buckets: readonly HorizonBucket[]
  /** Every so many origins one is scored. */
  readonly stride: number
}

/** The part of a report that follows from the forecasts. */
export type Scored = Pick<ModelReport, 'scores' | 'buckets' | 'steps' | 'periods' | 'calibration'>

interface SeriesSums {
  readonly actual: Actuals
  readonly accuracy: Accuracy
  /** Mean |value| of the test part: what the sums over all series are in units of. */
  readonly size: number
  origins: number
}

/** Scores forecasts against what came: of each series, and of all by step ahead and by the time of the target. */
export class NumberScorer {
  private readonly levels: ScoredLevels
  private readonly series = new Map<string, SeriesSums>()
  private readonly steps: readonly Accuracy[]
  private readonly periods = new Map<number, Accuracy>()
  /** ms */
  private readonly period: number
  private readonly testFrom: number
  /** Values at or below each quantile. */
  private readonly below: Float64Array
  private targets = 0

  constructor(
    private readonly data: ReadonlyMap<string, Actuals>,
    private readonly form: ScoredForm,
  ) {
    const { quantiles, horizon } = form
    this.levels = [quantiles[0]!, 0.5, quantiles.at(-1)!]
    this.steps = Array.from({ length: horizon }, () => new Accuracy(this.levels))
    this.below = new Float64Array(quantiles.length)
    const all = [...data.values()]
    this.testFrom = all.reduce((least, { testFrom }) => Math.min(least, testFrom), Infinity)
    const end = all.reduce((most, { ts }) => Math.max(most, ts.at(-1)!), -Infinity)
    this.period = periodLength(end - this.testFrom)
  }

  /** Whether a forecast from this origin is scored: where the whole horizon lies in the file. */
  isScored(series: string, origin: number): boolean {
    const actual = this.data.get(series)
    const i = scoredAt(actual, origin, this.form.stride)
    return i !== null && i < actual!.values.length - this.form.horizon
  }

  /** @param bands by quantile, then horizon step */
  add(series: string, origin: number, bands: Readonly<Record<string, readonly number[]>>): void {
    const { quantiles, horizon } = this.form
    const forecast = quantiles.map((q) => bands[String(q)]!)
    const [low, median, high] = [forecast[0]!, forecast[(quantiles.length - 1) / 2]!, forecast.at(-1)!]
    const sums = this.sumsOf(series)
    const { size, actual } = sums
    const { values, ts, naiveError } = actual
    const i = actual.position(origin)!
    for (let h = 0; h < horizon; h++) {
      const y = values[i + 1 + h]!
      if (y !== y) continue
      const [l, m, u] = [low[h]!, median[h]!, high[h]!]
      sums.accuracy.add(y, l, m, u, naiveError)
      for (const common of [this.steps[h]!, this.periodOf(ts[i + 1 + h]!)])
        common.add(y / size, l / size, m / size, u / size, naiveError / size)
      for (let q = 0; q < quantiles.length; q++) if (y <= forecast[q]![h]!) this.below[q]! += 1
      this.targets++
    }
    sums.origins++
  }

  scored(): Scored {
    const { form, steps, period, testFrom, below, targets } = this
    const each = [...this.series.values()]
    const origins = each.reduce((sum, one) => sum + one.origins, 0)
    const iso = (at: number): string => new Date(testFrom + at * period).toISOString()
    return {
      scores: { ...meanScores(each.map(({ accuracy }) => accuracy.scores())), series: each.length, origins },
      buckets: form.buckets.map(({ from, to, label }) => {
        return { steps: label, ...this.merged(steps.slice(from - 1, to)) }
      }),
      steps: steps.map((accuracy, h) => ({ step: h + 1, ...accuracy.scores() })),
      periods: [...this.periods]
        .sort(([a], [b]) => a - b)
        .map(([at, accuracy]) => ({ from: iso(at), to: iso(at + 1), ...accuracy.scores() })),
      calibration:
        targets === 0 ? [] : form.quantiles.map((level, q) => ({ level, below: below[q]! / targets })),
    }
  }

  private merged(of: readonly Accuracy[]): TargetScores {
    const sum = new Accuracy(this.levels)
    for (const one of of) sum.merge(one)
    return sum.scores()
  }

  private periodOf(ts: number): Accuracy {
    const at = Math.floor((ts - this.testFrom) / this.period)
    const accuracy = this.periods.get(at) ?? new Accuracy(this.levels)
    this.periods.set(at, accuracy)
    return accuracy
  }

  private sumsOf(series: string): SeriesSums {
    let sums = this.series.get(series)
    if (sums === undefined) {
      const actual = this.data.get(series)!
      const size = meanSize(actual.values.subarray(actual.test)) || 1
      sums = { actual, accuracy: new Accuracy(this.levels), size, origins: 0 }
      this.series.set(series, sums)
    }
    return sums
  }
}

function meanSize(values: Float64Array): number {
  let [sum, count] = [0, 0]
  for (const value of values) {
    if (value !== value) continue
    sum += Math.abs(value)
    count++
  }
  return count > 0 ? sum / count : 0
}
