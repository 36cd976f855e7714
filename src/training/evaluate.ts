import type { Accuracy } from '../core/accuracy.js'
import { Calibration, openForecast, skipOpen } from '../core/calibration.js'
import type { SeriesHistory } from '../core/history.js'
import { dayOf } from '../core/daily-scores.js'
import { StateLayout, type SeriesShape } from '../core/layout.js'
import { scoreArrival } from '../core/score-arrival.js'
import { Scoreboard } from '../core/scoreboard.js'
import type { Network } from '../model/network.js'
import type { HorizonScores, Scores } from '../ports/model-store.js'
import type { DailyFigures } from '../ports/control/learning.js'
import { StreamRunner, type Foretold } from './stream.js'

export interface EvaluationOptions {
  readonly network: Network
  readonly histories: readonly SeriesHistory[]
  readonly shape: SeriesShape
  /** By history: position of the first origin. */
  readonly from: readonly number[]
  /** Steps before the first origin from which on the hidden state runs along, started from zero. */
  readonly warmUp: number
  /** Absent: forecasts are scored as the network makes them. */
  readonly calibration?: { readonly rate: number }
  /** Sees every forecast as it is scored: [horizon, quantiles] from values[position]; to be copied where it is kept. */
  readonly onForecast?: (history: SeriesHistory, position: number, forecast: Float64Array) => void
}

export interface Evaluation {
  readonly network: DailyFigures
  readonly baseline: DailyFigures
  /** By how far ahead; those of which something could be scored. */
  readonly horizons: readonly HorizonScores[]
}

/** Streams the histories through the network and scores it and the baseline on the same targets, all later than `from`. */
export function evaluate(options: EvaluationOptions): Evaluation {
  const { network, histories, from } = options
  const layout = new StateLayout(options.shape)
  const known = new Map(network.spec.series.map((series, i) => [series, i + 1]))
  const rows = Int32Array.from(histories, (history) => known.get(history.series) ?? 0)
  const runner = new StreamRunner(layout, network, rows)
  const calibration = new Calibration(
    layout,
    options.calibration !== undefined,
    options.calibration?.rate ?? 0,
  )
  const { quantiles } = options.shape
  const levels = [quantiles[0]!, 0.5, quantiles.at(-1)!] as const
  const board = new Scoreboard(layout, levels, Infinity)
  const loss = (of: readonly Accuracy[]): number => of.reduce((sum, one) => sum + one.quantileLoss, 0)
  const ticks = Math.max(...histories.map((history) => history.values.length))
  // Histories end together: the last tick is the last step of each, so that one wave serves them all.
  const shift = histories.map((history) => ticks - history.values.length)
  const first = Math.min(...from.map((position, slot) => position + shift[slot]!))
  const days = { network: [] as number[], baseline: [] as number[] }
  const day = dayOf(layout)
  for (let tick = 0; tick < ticks; tick++) {
    const before = { network: loss(board.published), baseline: loss(board.baseline) }
    histories.forEach((history, slot) => {
      const position = tick - shift[slot]!
      if (position < 0) return
      const index = history.start + position
      const value = history.values[position]!
      runner.take(slot, index, history.ts[position]!, value, foretold(layout, history, position))
      const { table } = runner
      if (value !== value) return skipOpen(table, slot, index)
      scoreArrival(table, slot, index, value, runner.arrivals, slot, calibration, Infinity, board)
      runner.learn(slot, index)
    })
    // Targets come from the step after the first origin on.
    const at = Math.floor((tick - first - 1) / day)
    const now = { network: loss(board.published), baseline: loss(board.baseline) }
    for (const who of tick > first ? (['network', 'baseline'] as const) : []) {
      days[who][at] = (days[who][at] ?? 0) + now[who] - before[who]
    }
    if (tick < first - options.warmUp) {
      runner.skip()
      continue
    }
    runner.advance(tick >= first, (slot, index, _ts, forecast) => {
      const position = tick - shift[slot]!
      if (position < from[slot]!) return
      calibration.apply(runner.table, slot, forecast, 0)
      if (runner.nonNegative(slot)) forecast.forEach((q, i) => (forecast[i] = Math.max(0, q)))
      openForecast(runner.table, slot, index, forecast, 0)
      options.onForecast?.(histories[slot]!, position, forecast)
    })
  }
  return {
    network: { scores: scoresOf(board.total('published')), losses: days.network },
    baseline: { scores: scoresOf(board.total('baseline')), losses: days.baseline },
    horizons: layout.buckets.flatMap(({ label }, b) => {
      const [network, baseline] = [board.published[b]!.scores(), board.baseline[b]!.scores()]
      return network.targets > 0 ? [{ steps: label, network, baseline }] : []
    }),
  }
}

function foretold(layout: StateLayout, history: SeriesHistory, position: number): Foretold | null {
  const { covariates, ahead = new Float32Array() } = history
  if (covariates === undefined) return null
  const covariatesAt = position * layout.covariateNames.length
  return { covariates, covariatesAt, ahead, aheadAt: (position + 1) * layout.ahead.length }
}

function scoresOf(accuracy: Accuracy): Scores {
  const { mase, wql, coverage, targets } = accuracy.scores()
  return { mase: mase ?? NaN, wql: wql ?? NaN, coverage: coverage ?? NaN, targets }
}
