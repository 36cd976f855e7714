import { F64, F64_WIDTH, modulo } from './layout.js'
import { lagFor, prefersLong } from './baseline.js'
import type { Calibration } from './calibration.js'
import type { SeriesTable } from './series-table.js'

/** What a symbol that was given no probability at all is taken to have been given: its loss stays finite. */
const LEAST_PROBABILITY = 1e-9

/** Sums from which MASE, weighted quantile loss and coverage follow, or log-loss and hits of symbols; old targets fade out. */
export class Accuracy {
  scaledError = 0
  scaledCount = 0
  quantileLoss = 0
  absoluteValue = 0
  inside = 0
  count = 0
  /** Of symbols; `count` counts them too. */
  private symbolLoss = 0
  private hits = 0
  private symbols = 0

  private readonly low: number
  private readonly mid: number
  private readonly high: number

  /** @param levels the three scored levels: lowest quantile, median, highest quantile */
  constructor([low, mid, high]: readonly [number, number, number]) {
    this.low = low
    this.mid = mid
    this.high = high
  }

  add(value: number, lower: number, median: number, upper: number, naiveError: number): void {
    if (naiveError > 0) {
      this.scaledError += Math.abs(value - median) / naiveError
      this.scaledCount += 1
    }
    this.quantileLoss +=
      pinball(value, lower, this.low) + pinball(value, median, this.mid) + pinball(value, upper, this.high)
    this.absoluteValue += Math.abs(value)
    if (value >= lower && value <= upper) this.inside += 1
    this.count += 1
  }

  /**
   * @param probability that the symbol which came had been given
   * @param first no other had been given more
   */
  addSymbol(probability: number, first: boolean): void {
    this.symbolLoss -= Math.log(Math.max(probability, LEAST_PROBABILITY))
    if (first) this.hits += 1
    this.symbols += 1
    this.count += 1
  }

  merge(other: Accuracy): void {
    this.symbolLoss += other.symbolLoss
    this.hits += other.hits
    this.symbols += other.symbols
    this.scaledError += other.scaledError
    this.scaledCount += other.scaledCount
    this.quantileLoss += other.quantileLoss
    this.absoluteValue += other.absoluteValue
    this.inside += other.inside
    this.count += other.count
  }

  fade(factor: number): void {
    this.symbolLoss *= factor
    this.hits *= factor
    this.symbols *= factor
    this.scaledError *= factor
    this.scaledCount *= factor
    this.quantileLoss *= factor
    this.absoluteValue *= factor
    this.inside *= factor
    this.count *= factor
  }

  /** `null` where nothing was scored. */
  scores(): {
    mase: number | null
    wql: number | null
    coverage: number | null
    targets: number
    logLoss?: number
    accuracy?: number
  } {
    const { symbols } = this
    if (symbols > 0) {
      const [logLoss, accuracy] = [this.symbolLoss / symbols, this.hits / symbols]
      return { mase: null, wql: null, coverage: null, targets: this.count, logLoss, accuracy }
    }
    return {
      mase: this.scaledCount > 0 ? this.scaledError / this.scaledCount : null,
      wql: this.absoluteValue > 0 ? (2 * this.quantileLoss) / 3 / this.absoluteValue : null,
      coverage: this.count > 0 ? this.inside / this.count : null,
      targets: this.count,
    }
  }
}

/** Quantile (pinball) loss at level p; twice it, summed and over Σ|y|, is the weighted quantile loss. */
export function pinball(value: number, quantile: number, p: number): number {
  const e = value - quantile
  return e >= 0 ? p * e : (p - 1) * e
}

/**
 * An observation has come: scores every open forecast of it, published and (on the same targets) baseline, and lets the
 * calibration learn. The baseline's point is still in the ring; its interval is the one of now.
 * @param learnSteps calibration learns from forecasts made at most so many steps ago: a network made those, while older
 *   ones may be the baseline's
 */
export function scoreArrival(
  table: SeriesTable,
  slot: number,
  index: number,
  value: number,
  calibration: Calibration,
  learnSteps: number,
  published: Accuracy,
  baseline: Accuracy,
): void {
  const { layout, f32 } = table
  const { ringSize: R, steps, open, lags } = layout
  const row = slot * layout.width
  const naiveError = table.f64[slot * F64_WIDTH + F64.naiveError]!
  const Q = layout.shape.quantiles.length
  const position = modulo(index, R)
  const long = prefersLong(table, slot)
  // The targets of one lag share the baseline's point and interval.
  let known = -1
  let point = NaN
  let low = NaN
  let high = NaN
  for (let j = 0; j < steps.length; j++) {
    const h = steps[j]!
    const p = row + open[j]! + 3 * modulo(index, h)
    const lower = f32[p]!
    if (lower !== lower) continue
    const median = f32[p + 1]!
    const upper = f32[p + 2]!
    if (h <= learnSteps) calibration.learn(table, slot, j, value, lower, upper)
    const l = lagFor(layout, long, h)
    if (l < 0) continue // the baseline's point has left the ring, and both are to have the same targets
    published.add(value, lower, median, upper, naiveError)
    if (l !== known) {
      known = l
      const back = position - lags[l]!
      point = f32[row + (back < 0 ? back + R : back)]!
      const r = row + layout.residuals + l * Q
      low = point + Math.min(0, f32[r]!)
      high = point + Math.max(0, f32[r + Q - 1]!)
    }
    baseline.add(value, low, point, high, naiveError)
  }
}
