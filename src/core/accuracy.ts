/** What a symbol that was given no probability at all is taken to have been given: its loss stays finite. */
const LEAST_PROBABILITY = 1e-9

/** No target counts more naive errors than that: after a series that hardly moved, one would outweigh all others for good. */
const MOST_SCALED = 1e9

/** Lowest quantile, median, highest quantile. */
export type ScoredLevels = readonly [low: number, median: number, high: number]

/** Sums from which the scores follow, of numbers or of symbols; a merged one may weigh less, so that old targets fade out. */
export class Accuracy {
  scaledError = 0
  scaledCount = 0
  quantileLoss = 0
  absoluteValue = 0
  inside = 0
  count = 0
  /** Σ (value − median) over the naive error. */
  scaledBias = 0
  /** Σ 2 |value − median| / (|value| + |median|). */
  symmetricError = 0
  /** Of symbols; `count` counts them too. */
  private symbolLoss = 0
  private hits = 0
  private symbols = 0

  private readonly low: number
  private readonly mid: number
  private readonly high: number

  /** @param levels the three scored levels: lowest quantile, median, highest quantile */
  constructor([low, mid, high]: ScoredLevels) {
    this.low = low
    this.mid = mid
    this.high = high
  }

  add(value: number, lower: number, median: number, upper: number, naiveError: number): void {
    const error = value - median
    const size = Math.abs(error)
    if (naiveError > 0) {
      const scaled = Math.min(size / naiveError, MOST_SCALED)
      this.scaledError += scaled
      this.scaledBias += Math.sign(error) * scaled
      this.scaledCount += 1
    }
    this.quantileLoss +=
      pinball(value, lower, this.low) + pinball(value, median, this.mid) + pinball(value, upper, this.high)
    const absolute = Math.abs(value)
    this.absoluteValue += absolute
    if (size > 0) this.symmetricError += (2 * size) / (absolute + Math.abs(median))
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

  /** @param weight of the other's targets; default 1 */
  merge(other: Accuracy, weight = 1): void {
    this.symbolLoss += weight * other.symbolLoss
    this.hits += weight * other.hits
    this.symbols += weight * other.symbols
    this.scaledError += weight * other.scaledError
    this.scaledCount += weight * other.scaledCount
    this.scaledBias += weight * other.scaledBias
    this.symmetricError += weight * other.symmetricError
    this.quantileLoss += weight * other.quantileLoss
    this.absoluteValue += weight * other.absoluteValue
    this.inside += weight * other.inside
    this.count += weight * other.count
  }

  /** Multiplies every sum; 0 empties it. */
  fade(factor: number): void {
    this.symbolLoss *= factor
    this.hits *= factor
    this.symbols *= factor
    this.scaledError *= factor
    this.scaledCount *= factor
    this.scaledBias *= factor
    this.symmetricError *= factor
    this.quantileLoss *= factor
    this.absoluteValue *= factor
    this.inside *= factor
    this.count *= factor
  }

  /** All sums, for `resume`. */
  memory(): number[] {
    return [
      ...[this.symbolLoss, this.hits, this.symbols, this.scaledError, this.scaledCount, this.scaledBias],
      ...[this.symmetricError, this.quantileLoss, this.absoluteValue, this.inside, this.count],
    ]
  }

  resume([symbolLoss = 0, hits = 0, symbols = 0, ...numbers]: readonly number[]): void {
    Object.assign(this, { symbolLoss, hits, symbols })
    const [scaledError = 0, scaledCount = 0, scaledBias = 0, symmetricError = 0, ...rest] = numbers
    const [quantileLoss = 0, absoluteValue = 0, inside = 0, count = 0] = rest
    Object.assign(this, { scaledError, scaledCount, scaledBias, symmetricError })
    Object.assign(this, { quantileLoss, absoluteValue, inside, count })
  }

  /** `null` where nothing was scored. */
  scores(): TargetScores {
    const { symbols, count } = this
    if (symbols > 0) {
      const [logLoss, accuracy] = [this.symbolLoss / symbols, this.hits / symbols]
      const none = { mase: null, smape: null, wql: null, coverage: null, bias: null }
      return { ...none, targets: count, logLoss, accuracy }
    }
    const scaled = (sum: number): number | null => (this.scaledCount > 0 ? sum / this.scaledCount : null)
    return {
      mase: scaled(this.scaledError),
      smape: count > 0 ? this.symmetricError / count : null,
      wql: this.absoluteValue > 0 ? (2 * this.quantileLoss) / 3 / this.absoluteValue : null,
      coverage: count > 0 ? this.inside / count : null,
      bias: scaled(this.scaledBias),
      targets: count,
    }
  }
}

/** What sums come to; `null` where nothing was scored. */
export interface TargetScores {
  /** Mean |value − median| over the in-sample error of the seasonal naive forecast. */
  readonly mase: number | null
  /** Mean of 2 |value − median| / (|value| + |median|), 0–2; two zeros count 0. */
  readonly smape: number | null
  /** Weighted quantile loss of the three scored levels. */
  readonly wql: number | null
  /** Share of targets inside the outermost interval, 0–1. */
  readonly coverage: number | null
  /** Mean of value − median, in naive errors: above 0, forecasts are too low. */
  readonly bias: number | null
  readonly targets: number
  /** Only of symbols, whose other scores are `null`. */
  readonly logLoss?: number
  readonly accuracy?: number
}

/** Quantile (pinball) loss at level p; twice it, summed and over Σ|y|, is the weighted quantile loss. */
export function pinball(value: number, quantile: number, p: number): number {
  const e = value - quantile
  return e >= 0 ? p * e : (p - 1) * e
}
