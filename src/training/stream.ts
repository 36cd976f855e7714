import { Arrivals } from '../core/arrivals.js'
import { learnResiduals, PooledResiduals } from '../core/baseline.js'
import { covariateFeatures, observeCovariates, rowCovariates } from '../core/covariates.js'
import { headFeatures, seasonalDrift, stepInputs } from '../core/features.js'
import { targetCalendar, targetFeatures, TargetIndex } from '../core/target-index.js'
import type { StateLayout } from '../core/layout.js'
import { stateSize } from '../core/network-spec.js'
import { observe } from '../core/observe.js'
import { SeriesTable } from '../core/series-table.js'
import type { Network } from '../model/network.js'

/** One series' part in a tick: it has taken a step, and perhaps a forecast is wanted from it. */
interface Taken {
  readonly slot: number
  readonly index: number
  readonly ts: number
  readonly observed: boolean
  readonly foretold: Foretold | null
}

/** What is known of a step's covariates, and of those of the steps after it; arrays are only lent, until the step is taken. */
export interface Foretold {
  /** From `covariatesAt` on, one for each covariate; NaN = missing. */
  readonly covariates: Float32Array
  readonly covariatesAt: number
  /** From `aheadAt` on, [horizon or fewer, covariates known ahead]. */
  readonly ahead: Float32Array
  readonly aheadAt: number
}

/** Streams several series side by side, as the daemon does: one wave per tick, hidden states carried from the start. */
export class StreamRunner {
  readonly table: SeriesTable
  /** By slot. */
  readonly arrivals: Arrivals
  private readonly pooled: PooledResiduals
  private readonly target: TargetIndex
  private readonly hidden: Float32Array
  private readonly trace = { p7Before: 0, step: 0 }
  private readonly drift = { dm: 0, dpm: 0, dp: 0 }
  private readonly taken: Taken[] = []
  private readonly inputs: Float32Array
  private readonly scratch: Float32Array
  /** [covariates] */
  private readonly missing: Float32Array
  /** [horizon, covariates known ahead] */
  private readonly ahead: Float32Array

  /** @param embedding by slot: row of the series embedding */
  constructor(
    layout: StateLayout,
    private readonly network: Network,
    private readonly embedding: Int32Array,
  ) {
    const capacity = embedding.length
    const { spec } = network
    this.table = new SeriesTable(layout, capacity)
    for (let slot = 0; slot < capacity; slot++) this.table.reset(slot)
    this.pooled = new PooledResiduals(layout.lags.length, spec.quantiles.length)
    this.arrivals = new Arrivals(layout, capacity)
    this.target = new TargetIndex(layout)
    this.hidden = new Float32Array(capacity * stateSize(spec))
    this.inputs = new Float32Array(capacity * spec.inputs)
    this.missing = new Float32Array(layout.covariateNames.length).fill(NaN)
    this.ahead = new Float32Array(spec.horizon * layout.ahead.length)
    this.scratch = new Float32Array(capacity * stateSize(spec))
  }

  /** Takes a grid step of one series. Its residuals follow with `learn`, its hidden state with `advance`. */
  take(slot: number, index: number, ts: number, value: number, foretold: Foretold | null = null): void {
    const { table, trace } = this
    const { inputs: I } = this.network.spec
    this.arrivals.foresee(table, slot, index, slot)
    observe(table, slot, index, value, trace)
    const { covariates = this.missing, covariatesAt = 0 } = foretold ?? {}
    observeCovariates(table, slot, index, covariates, covariatesAt)
    this.arrivals.keep(table, slot, slot)
    const observed = value === value
    stepInputs(table, slot, index, ts, observed, trace, this.inputs, slot * I)
    this.taken.push({ slot, index, ts, observed, foretold })
  }

  /** The baseline learns from the observation just taken: after it was scored, or it would be judged on what it knows. */
  learn(slot: number, index: number): void {
    learnResiduals(this.table, slot, index, this.pooled)
  }

  /** No value of this series was ever negative: after calibration its forecasts are cut off at 0. */
  nonNegative(slot: number): boolean {
    return this.network.spec.nonNegative[this.embedding[slot]!] === true
  }

  /** Drops the steps taken, hidden states untouched: for the part of a history that lies before the warm-up. */
  skip(): void {
    this.taken.length = 0
  }

  /**
   * Steps the hidden states of all series taken.
   * @param forecast called with each forecast [horizon, quantiles] in the values' own unit, before calibration
   */
  advance(
    wanted: boolean,
    forecast: (slot: number, index: number, ts: number, values: Float64Array) => void,
  ): void {
    const { network, table, hidden, scratch } = this
    const { spec } = network
    const { horizon: H, targetFeatures: F, inputs: I } = spec
    const Q = spec.quantiles.length
    const size = stateSize(spec)
    // Rows from which a forecast is made come first in a wave.
    const wave = this.taken.splice(0).sort((a, b) => Number(b.observed) - Number(a.observed))
    const observed = wanted ? wave.filter((row) => row.observed).length : 0
    const inputs = new Float32Array(wave.length * I)
    const features = new Float32Array(observed * H * F)
    const calendar = new Int32Array(observed * H)
    wave.forEach(({ slot, index, ts, foretold }, row) => {
      inputs.set(this.inputs.subarray(slot * I, (slot + 1) * I), row * I)
      scratch.set(hidden.subarray(slot * size, (slot + 1) * size), row * size)
      if (row >= observed) return
      seasonalDrift(table, slot, index, this.drift)
      const mean = table.mean(slot)
      const view = rowView(table, slot)
      headFeatures(
        this.target,
        view,
        index,
        ts,
        mean,
        table.scale(slot),
        this.drift,
        spec.annual,
        features,
        row * H * F,
      )
      targetCalendar(this.target, index, ts, calendar, row * H)
      this.fillAhead(slot, index, foretold, features, row * H * F)
    })
    const embedding = Int32Array.from(wave, ({ slot }) => this.embedding[slot]!)
    const forecasts = new Float32Array(observed * H * Q)
    const states = scratch.subarray(0, wave.length * size)
    network.step(
      { rows: wave.length, observed, inputs, embedding, states, features, calendar },
      { states, forecasts },
    )
    wave.forEach(({ slot, index, ts }, row) => {
      hidden.set(states.subarray(row * size, (row + 1) * size), slot * size)
      if (row >= observed) return
      const mean = table.mean(slot)
      const scale = table.scale(slot)
      const scaled = forecasts.subarray(row * H * Q, (row + 1) * H * Q)
      forecast(
        slot,
        index,
        ts,
        Float64Array.from(scaled, (q) => mean + scale * q),
      )
    })
  }

  private fillAhead(
    slot: number,
    index: number,
    foretold: Foretold | null,
    features: Float32Array,
    at: number,
  ): void {
    const { target, table, ahead } = this
    const { layout, width } = target
    if (ahead.length === 0) return
    ahead.fill(NaN)
    if (foretold !== null) {
      ahead.set(foretold.ahead.subarray(foretold.aheadAt, foretold.aheadAt + ahead.length))
    }
    const from = at + targetFeatures(layout).covariates
    covariateFeatures(target, rowCovariates(table, slot), index, ahead, 0, features, from, width)
  }
}

/** Where `headFeatures` finds a series' ring and profiles. */
function rowView(table: SeriesTable, slot: number): Parameters<typeof headFeatures>[1] {
  const { layout, f32 } = table
  const row = slot * layout.width
  return {
    x: f32,
    xAt: row,
    xSize: layout.ringSize,
    p1: f32,
    p1At: row + layout.p1,
    p1Size: layout.short,
    p7: f32,
    p7At: row + layout.p7,
    p7Size: layout.long,
  }
}
