import { Arrivals } from '../core/arrivals.js'
import { learnResiduals, PooledResiduals } from '../core/baseline.js'
import {
  headFeatures,
  INPUTS,
  seasonalDrift,
  stepInputs,
  targetCalendar,
  TargetIndex,
} from '../core/features.js'
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
    this.inputs = new Float32Array(capacity * INPUTS)
    this.scratch = new Float32Array(capacity * stateSize(spec))
  }

  /** Takes a grid step of one series. Its residuals follow with `learn`, its hidden state with `advance`. */
  take(slot: number, index: number, ts: number, value: number): void {
    const { table, trace } = this
    observe(table, slot, index, value, trace)
    this.arrivals.keep(table, slot, index, slot)
    const observed = value === value
    stepInputs(table, slot, index, ts, observed, trace, this.inputs, slot * INPUTS)
    this.taken.push({ slot, index, ts, observed })
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
    const { horizon: H, targetFeatures: F } = spec
    const Q = spec.quantiles.length
    const size = stateSize(spec)
    // Rows from which a forecast is made come first in a wave.
    const wave = this.taken.splice(0).sort((a, b) => Number(b.observed) - Number(a.observed))
    const observed = wanted ? wave.filter((row) => row.observed).length : 0
    const inputs = new Float32Array(wave.length * INPUTS)
    const features = new Float32Array(observed * H * F)
    const calendar = new Int32Array(observed * H)
    wave.forEach(({ slot, index, ts }, row) => {
      inputs.set(this.inputs.subarray(slot * INPUTS, (slot + 1) * INPUTS), row * INPUTS)
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
