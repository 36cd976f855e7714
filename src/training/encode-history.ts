import { seasonalDrift, stepInputs, type HistoryView, type SeasonalDrift } from '../core/features.js'
import { stepWidth } from '../core/target-index.js'
import { observeCovariates, type CovariateView } from '../core/covariates.js'
import type { SeriesHistory } from '../core/history.js'
import { COVARIATE, modulo, type StateLayout } from '../core/layout.js'
import { observe } from '../core/observe.js'
import { SeriesTable } from '../core/series-table.js'

/**
 * A series as the stream would have seen it: for each of its T steps what the step's state held just after it. Made by the
 * stream's own functions, one observation after the other, so nothing in step t can come from its future.
 */
export interface EncodedSeries {
  readonly series: string
  /** Row of the series embedding, 0 = unknown. */
  readonly embedding: number
  /** Grid index of step 0. */
  readonly start: number
  readonly length: number
  /** [T] time stamps, ms */
  readonly ts: Float64Array
  /** [T] 1 = observed */
  readonly mask: Uint8Array
  /** [T, inputs] */
  readonly inputs: Float32Array
  /** [T] scale of now: z = (x − mean) / scale */
  readonly mean: Float64Array
  readonly scale: Float64Array
  /** [T, 3] dm, dpm, dp */
  readonly drift: Float32Array
  /** x, P1 and P7 after each step, [T] each, addressed by step. */
  readonly view: HistoryView
  /** Covariates of each step, [covariates, T], and their scalers after it, [T, covariates, 2]; `null` without covariates. */
  readonly covariates: CovariateView | null
  /** [T + horizon, covariates known ahead] what was foretold of each step; empty where nothing was. */
  readonly ahead: Float32Array
}

/** Runs a history through the per-series state. `null` for a history without a single value. */
export function encodeHistory(
  layout: StateLayout,
  history: SeriesHistory,
  embedding: number,
): EncodedSeries | null {
  const lead = history.values.findIndex((value) => value === value)
  if (lead < 0) return null
  const T = history.values.length - lead
  const I = stepWidth(layout)
  const C = layout.covariateNames.length
  const start = history.start + lead
  const ts = history.ts.slice(lead)
  const mask = new Uint8Array(T)
  const inputs = new Float32Array(T * I)
  const mean = new Float64Array(T)
  const scale = new Float64Array(T)
  const drift = new Float32Array(T * 3)
  const x = new Float32Array(T)
  const p1 = new Float32Array(T)
  const p7 = new Float32Array(T)
  const table = new SeriesTable(layout, 1)
  table.reset(0)
  const none = new Float32Array(C).fill(NaN)
  const covariates = new Float32Array(C * T)
  const scalers = new Float32Array(T * C * 2)
  const trace = { p7Before: 0, step: 0 }
  const now: SeasonalDrift = { dm: 0, dpm: 0, dp: 0 }
  for (let t = 0; t < T; t++) {
    const index = start + t
    const value = history.values[lead + t]!
    observe(table, 0, index, value, trace)
    observeCovariates(
      table,
      0,
      index,
      history.covariates ?? none,
      history.covariates === undefined ? 0 : (lead + t) * C,
    )
    mask[t] = value === value ? 1 : 0
    stepInputs(table, 0, index, ts[t]!, mask[t] === 1, trace, inputs, t * I)
    seasonalDrift(table, 0, index, now)
    drift.set([now.dm, now.dpm, now.dp], t * 3)
    mean[t] = table.mean(0)
    for (let c = 0; c < C; c++) {
      const at = layout.covariates + c * layout.covariateWidth
      const scaler = at + layout.ringSize
      covariates[c * T + t] = table.f32[at + modulo(index, layout.ringSize)]!
      scalers[(t * C + c) * 2] = table.f32[scaler + COVARIATE.mean]!
      scalers[(t * C + c) * 2 + 1] = table.f32[scaler + COVARIATE.spread]!
    }
    scale[t] = table.scale(0)
    x[t] = table.f32[modulo(index, layout.ringSize)]!
    p1[t] = table.f32[layout.p1 + modulo(index, layout.short)]!
    p7[t] = table.f32[layout.p7 + modulo(index, layout.long)]!
  }
  const view = { x, xAt: 0, xSize: T, p1, p1At: 0, p1Size: T, p7, p7At: 0, p7Size: T, first: 0 }
  const { series, ahead = new Float32Array() } = history
  return {
    ...{ series, embedding, start, length: T, ts, mask, inputs, mean, scale, drift, view },
    covariates: C === 0 ? null : historyCovariates(covariates, scalers, T),
    ahead: ahead.subarray(lead * layout.ahead.length),
  }
}

function historyCovariates(values: Float32Array, scalers: Float32Array, T: number): CovariateView {
  return { values, at: 0, stride: T, size: T, first: 0, scalers, scalerAt: 0, scalerStride: 2 }
}
