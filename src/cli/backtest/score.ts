import { pinball } from '../../core/accuracy.js'
import { scoredAt, type Actuals } from './actuals.js'

export interface BacktestScores {
  /** Means over the series of each one's own figure. */
  readonly mase: number
  readonly wql: number
  readonly coverage: number
  readonly series: number
  readonly origins: number
}

interface Sums {
  absolute: number
  targets: number
  loss: number
  scale: number
  inside: number
  origins: number
}

/** Scores forecasts against what came: mean absolute scaled error of the median, weighted quantile loss, coverage. */
export class Scorer {
  private readonly sums = new Map<string, Sums>()

  constructor(
    private readonly data: ReadonlyMap<string, Actuals>,
    private readonly quantiles: readonly number[],
    private readonly horizon: number,
    private readonly stride: number,
  ) {}

  /** Whether a forecast from this origin is scored: where the whole horizon lies in the file. */
  isScored(series: string, origin: number): boolean {
    const actual = this.data.get(series)
    const i = scoredAt(actual, origin, this.stride)
    return i !== null && i < actual!.values.length - this.horizon
  }

  /** @param bands by quantile, then horizon step */
  add(series: string, origin: number, bands: Readonly<Record<string, readonly number[]>>): void {
    const forecast = this.quantiles.map((q) => bands[String(q)]!)
    const actual = this.data.get(series)!
    const i = actual.position(origin)!
    const sums = this.sumsOf(series)
    const middle = (this.quantiles.length - 1) / 2
    for (let h = 0; h < this.horizon; h++) {
      const y = actual.values[i + 1 + h]!
      if (y !== y) continue
      sums.absolute += Math.abs(y - forecast[middle]![h]!)
      sums.targets++
      sums.scale += Math.abs(y)
      for (let q = 0; q < this.quantiles.length; q++) {
        sums.loss += (2 * pinball(y, forecast[q]![h]!, this.quantiles[q]!)) / this.quantiles.length
      }
      if (y >= forecast[0]![h]! && y <= forecast.at(-1)![h]!) sums.inside++
    }
    sums.origins++
  }

  scores(): BacktestScores {
    const all = [...this.sums].map(([series, s]) => ({
      mase: s.absolute / s.targets / this.data.get(series)!.naiveError,
      wql: s.loss / s.scale,
      coverage: s.inside / s.targets,
    }))
    const mean = (pick: (one: (typeof all)[number]) => number): number => {
      const finite = all.map(pick).filter((value) => Number.isFinite(value))
      return finite.reduce((sum, value) => sum + value, 0) / finite.length
    }
    return {
      mase: mean((one) => one.mase),
      wql: mean((one) => one.wql),
      coverage: mean((one) => one.coverage),
      series: all.length,
      origins: [...this.sums.values()].reduce((sum, { origins }) => sum + origins, 0),
    }
  }

  private sumsOf(series: string): Sums {
    let sums = this.sums.get(series)
    if (sums === undefined) {
      sums = { absolute: 0, targets: 0, loss: 0, scale: 0, inside: 0, origins: 0 }
      this.sums.set(series, sums)
    }
    return sums
  }
}
