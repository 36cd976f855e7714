import { skipGap } from '../core/gap.js'
import { F64, F64_WIDTH } from '../core/layout.js'
import { WavePlan } from '../core/waves.js'
import type { StepBuffers } from '../ports/engine.js'
import type { ActiveModel } from './active-model.js'
import type { Forecaster, StepRows } from './forecaster.js'
import type { PartitionStates } from './partition-states.js'

/**
 * A part of a batch on its way: the plan of its waves, the engine's buffers, and what each row will need when the
 * forecasts are back. Two of them take turns, so that one is prepared while the engine steps the other.
 */
export class Part {
  readonly plan = new WavePlan()
  readonly rows: StepRows
  /** By buffer row: its step in the list, scale of its origin, and whether the network forecasts it. */
  readonly stepOf: Int32Array
  readonly mean: Float64Array
  readonly scale: Float64Array
  readonly byNetwork: Uint8Array
  /** By buffer row: 1 where the hidden state starts from zero. */
  readonly fresh: Uint8Array
  /** Steps since the network's first forecast of the row's series. */
  readonly forecasting: Float64Array

  constructor(
    private readonly states: PartitionStates,
    forecaster: Forecaster,
    readonly capacity: number,
    /** `null` while there is no network. */
    readonly buffers: StepBuffers | null,
    private readonly warmUp: number,
  ) {
    this.rows = forecaster.rows(capacity)
    this.stepOf = new Int32Array(capacity)
    this.mean = new Float64Array(capacity)
    this.scale = new Float64Array(capacity)
    this.byNetwork = new Uint8Array(capacity)
    this.fresh = new Uint8Array(capacity)
    this.forecasting = new Float64Array(capacity)
  }

  /** Takes the part's steps in offset order: everything per series but the hidden state and the forecast. */
  prepare(from: number, model: ActiveModel): void {
    const { states, plan } = this
    plan.plan(states.steps, from, this.capacity, states.slots.extent)
    this.rows.begin()
    for (let s = plan.from; s < plan.to; s++) this.prepareStep(s, plan.rows[s - plan.from]!, model)
  }

  private prepareStep(s: number, row: number, model: ActiveModel): void {
    const { states, buffers, rows } = this
    const { table, steps } = states
    const slot = steps.slots[s]!
    const index = steps.index[s]!
    const value = steps.value[s]!
    const skipped = steps.skipped[s]!
    const at = slot * F64_WIDTH
    const observed = value === value
    if (skipped > 0) {
      skipGap(table, slot, index, skipped)
      table.f64[at + F64.warm] = 0
    }
    const fresh = table.f64[at + F64.warm] === 0 ? 1 : 0
    rows.observe(row, slot, index, value, s)
    states.touch(slot)
    this.stepOf[row] = s
    this.fresh[row] = fresh
    this.mean[row] = table.mean(slot)
    this.scale[row] = table.scale(slot)
    const spec = model.network?.spec
    const ready = spec !== undefined && table.f64[at + F64.warm]! >= this.warmUp
    this.byNetwork[row] = ready ? 1 : 0
    this.forecasting[row] = table.f64[at + F64.warm]! - this.warmUp
    if (observed && !ready) rows.keepBaseline(row, slot, index)
    states.successor?.read(this, row, slot, index, steps.ts[s]!, observed)
    if (spec === undefined || buffers === null) return
    states.versions[slot] = model.version
    buffers.slots[row] = slot
    buffers.fresh[row] = fresh
    buffers.embedding[row] = states.embedding[slot]!
    rows.fill(this, row, slot, index, steps.ts[s]!, observed, model)
  }
}
