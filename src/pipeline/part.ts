import { baselineForecast, learnResiduals } from '../core/baseline.js'
import {
  headFeatures,
  INPUTS,
  seasonalDrift,
  stepInputs,
  targetCalendar,
  targetFeatures,
  TargetIndex,
  type HistoryView,
} from '../core/features.js'
import { skipGap } from '../core/gap.js'
import { F64, F64_WIDTH } from '../core/layout.js'
import { observe, type StepTrace } from '../core/observe.js'
import { WavePlan } from '../core/waves.js'
import type { StepBuffers } from '../ports/engine.js'
import type { ActiveModel } from './active-model.js'
import type { PartitionStates } from './partition-states.js'

/**
 * A part of a batch on its way: the plan of its waves, the engine's buffers, and what each row will need when the
 * forecasts are back. Two of them take turns, so that one is prepared while the engine steps the other.
 */
export class Part {
  readonly plan = new WavePlan()
  /** By buffer row: its step in the list, scale of its origin, and whether the network forecasts it. */
  readonly stepOf: Int32Array
  readonly mean: Float64Array
  readonly scale: Float64Array
  readonly byNetwork: Uint8Array
  /** Steps since the network's first forecast of the row's series. */
  readonly forecasting: Float64Array
  /** [capacity, horizon, quantiles] of the rows that the baseline forecasts. */
  readonly baseline: Float64Array
  private readonly trace: StepTrace = { p7Before: 0, step: 0 }
  private readonly drift = { dm: 0, dpm: 0, dp: 0 }
  private readonly target: TargetIndex
  private readonly view: { -readonly [K in keyof HistoryView]: HistoryView[K] }

  constructor(
    private readonly states: PartitionStates,
    readonly capacity: number,
    /** `null` while there is no network. */
    readonly buffers: StepBuffers | null,
    private readonly warmUp: number,
  ) {
    const { layout, table } = states
    const cells = layout.shape.horizon * layout.shape.quantiles.length
    this.stepOf = new Int32Array(capacity)
    this.mean = new Float64Array(capacity)
    this.scale = new Float64Array(capacity)
    this.byNetwork = new Uint8Array(capacity)
    this.forecasting = new Float64Array(capacity)
    this.baseline = new Float64Array(capacity * cells)
    this.target = new TargetIndex(layout)
    this.view = {
      x: table.f32,
      xAt: 0,
      xSize: layout.ringSize,
      p1: table.f32,
      p1At: 0,
      p1Size: layout.short,
      p7: table.f32,
      p7At: 0,
      p7Size: layout.long,
    }
  }

  /** Takes the part's steps in offset order: everything per series but the hidden state and the forecast. */
  prepare(from: number, model: ActiveModel): void {
    const { states, plan } = this
    plan.plan(states.steps, from, this.capacity, states.slots.extent)
    this.view.x = this.view.p1 = this.view.p7 = states.table.f32
    for (let s = plan.from; s < plan.to; s++) this.prepareStep(s, plan.rows[s - plan.from]!, model)
  }

  private prepareStep(s: number, row: number, model: ActiveModel): void {
    const { states, buffers } = this
    const { table, steps, pooled, layout } = states
    const slot = steps.slots[s]!
    const index = steps.index[s]!
    const ts = steps.ts[s]!
    const value = steps.value[s]!
    const skipped = steps.skipped[s]!
    const at = slot * F64_WIDTH
    const observed = value === value
    if (skipped > 0) {
      skipGap(table, slot, index, skipped)
      table.f64[at + F64.warm] = 0
    }
    const fresh = table.f64[at + F64.warm] === 0
    observe(table, slot, index, value, this.trace)
    if (observed) learnResiduals(table, slot, index, pooled)
    states.touch(slot)
    this.stepOf[row] = s
    this.mean[row] = table.mean(slot)
    this.scale[row] = table.scale(slot)
    const spec = model.network?.spec
    const ready = spec !== undefined && table.f64[at + F64.warm]! >= this.warmUp
    this.byNetwork[row] = ready ? 1 : 0
    this.forecasting[row] = table.f64[at + F64.warm]! - this.warmUp
    if (observed && !ready) {
      const cells = layout.shape.horizon * layout.shape.quantiles.length
      baselineForecast(table, slot, index, pooled, this.baseline, row * cells)
    }
    if (spec === undefined || buffers === null) return
    states.versions[slot] = model.version
    buffers.slots[row] = slot
    buffers.fresh[row] = fresh ? 1 : 0
    buffers.embedding[row] = states.embedding[slot]!
    stepInputs(table, slot, index, ts, observed, this.trace, buffers.inputs, row * INPUTS)
    if (!observed) return
    seasonalDrift(table, slot, index, this.drift)
    const rowAt = slot * layout.width
    this.view.xAt = rowAt
    this.view.p1At = rowAt + layout.p1
    this.view.p7At = rowAt + layout.p7
    const { horizon } = layout.shape
    const width = targetFeatures(layout).all
    headFeatures(
      this.target,
      this.view,
      index,
      ts,
      this.mean[row],
      this.scale[row],
      this.drift,
      spec.annual,
      buffers.features,
      row * horizon * width,
    )
    targetCalendar(this.target, index, ts, buffers.calendar, row * horizon)
  }
}
