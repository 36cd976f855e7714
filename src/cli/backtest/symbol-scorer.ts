import { scoredAt, type Actuals } from './actuals.js'
import type { Scored } from './number-scorer.js'

/** Half of the last digit with which probabilities are published: what is rounded to 0 costs no more. */
const LEAST_PROBABILITY = 5e-7

/** Scores forecasts of the next symbol against what came. */
export class SymbolScorer {
  private readonly counted = new Set<string>()
  private loss = 0
  private hits = 0
  private targets = 0

  /**
   * @param data values are places in `symbols`
   * @param symbols all of the file
   */
  constructor(
    private readonly data: ReadonlyMap<string, Actuals>,
    private readonly symbols: readonly string[],
    private readonly stride: number,
  ) {}

  /** Whether a forecast from this origin is scored: where a symbol follows. */
  isScored(series: string, origin: number): boolean {
    const actual = this.data.get(series)
    const i = scoredAt(actual, origin, this.stride)
    return i !== null && !Number.isNaN(actual!.values[i + 1] ?? NaN)
  }

  /** @param named the most probable ones, most probable first; the rest is shared by all others of the file */
  add(
    series: string,
    origin: number,
    named: readonly { readonly symbol: string; readonly probability: number }[],
  ): void {
    const actual = this.data.get(series)!
    const came = this.symbols[actual.values[actual.position(origin)! + 1]!]
    const rest = Math.max(0, 1 - named.reduce((sum, { probability }) => sum + probability, 0))
    const others = Math.max(1, this.symbols.length - named.length)
    const given = named.find(({ symbol }) => symbol === came)?.probability ?? rest / others
    this.loss -= Math.log(Math.max(given, LEAST_PROBABILITY))
    if (named[0]?.symbol === came) this.hits++
    this.targets++
    this.counted.add(series)
  }

  scored(): Scored {
    const { loss, hits, targets, counted } = this
    const none = { mase: null, smape: null, wql: null, coverage: null, bias: null }
    const known = targets > 0 ? { logLoss: loss / targets, accuracy: hits / targets } : {}
    const scores = { ...none, ...known, targets, series: counted.size, origins: targets }
    return { scores, buckets: [], steps: [], periods: [], calibration: [] }
  }
}
