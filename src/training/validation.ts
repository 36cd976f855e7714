import type { TargetIndex } from '../core/target-index.js'
import { stateSize, type NetworkSpec } from '../core/network-spec.js'
import { pinball } from '../core/accuracy.js'
import type { Network } from '../model/network.js'
import type { EncodedSeries } from './encode-history.js'
import { OriginBuffers } from './origin-buffers.js'

/** Steps over which a hidden state is run in before its forecasts are judged. */
const WARM_UP = 96
/** Stretches that run side by side, and origins judged in all: enough for a stable figure, few enough to ask often. */
const LANES = 32
const ORIGINS = 1500

export interface ValidationRange {
  readonly series: EncodedSeries
  /** First origin. */
  readonly from: number
  /** No target lies at or after this step. */
  readonly end: number
}

interface Lane {
  readonly range: ValidationRange
  /** Steps [warm, end) are run, [from, end) are origins. */
  readonly warm: number
  readonly from: number
  readonly end: number
}

/** Mean pinball loss in scaled units over later data than what was trained on. */
export class Validation {
  private readonly lanes: readonly Lane[]
  private readonly stride: number
  private readonly buffers: OriginBuffers

  constructor(
    private readonly spec: NetworkSpec,
    target: TargetIndex,
    ranges: readonly ValidationRange[],
  ) {
    const total = ranges.reduce((sum, range) => sum + (range.end - range.from), 0)
    const length = Math.max(1, Math.ceil(total / LANES))
    this.stride = Math.max(1, Math.round(total / ORIGINS))
    this.buffers = new OriginBuffers(spec, target)
    this.lanes = ranges.flatMap((range) => {
      const count = Math.ceil((range.end - range.from) / length)
      return Array.from({ length: count }, (_, i): Lane => {
        const from = range.from + i * length
        return { range, warm: Math.max(0, from - WARM_UP), from, end: Math.min(range.end, from + length) }
      })
    })
  }

  loss(network: Network): number {
    const { spec, lanes } = this
    const { horizon: H, targetFeatures: F, inputs: I } = spec
    const Q = spec.quantiles.length
    const size = stateSize(spec)
    const states = new Float32Array(lanes.length * size)
    const ticks = Math.max(...lanes.map((lane) => lane.end - lane.warm))
    let sum = 0
    let count = 0
    for (let tick = 0; tick < ticks; tick++) {
      const origin = (lane: Lane): boolean => {
        const step = lane.warm + tick
        return (
          step >= lane.from &&
          step < lane.end &&
          (step - lane.from) % this.stride === 0 &&
          lane.range.series.mask[step] === 1
        )
      }
      const active = lanes.map((lane, i) => ({ lane, i })).filter(({ lane }) => lane.warm + tick < lane.end)
      const rows = [
        ...active.filter(({ lane }) => origin(lane)),
        ...active.filter(({ lane }) => !origin(lane)),
      ]
      const observed = active.filter(({ lane }) => origin(lane)).length
      const inputs = new Float32Array(rows.length * I)
      const before = new Float32Array(rows.length * size)
      const features = new Float32Array(observed * H * F)
      const calendar = new Int32Array(observed * H)
      const targets = new Float32Array(observed * H)
      const mask = new Float32Array(observed * H)
      rows.forEach(({ lane, i }, row) => {
        const step = lane.warm + tick
        inputs.set(lane.range.series.inputs.subarray(step * I, (step + 1) * I), row * I)
        before.set(states.subarray(i * size, (i + 1) * size), row * size)
        if (row >= observed) return
        this.buffers.fill(lane.range.series, step, lane.range.end)
        features.set(this.buffers.features, row * H * F)
        calendar.set(this.buffers.calendar, row * H)
        targets.set(this.buffers.target, row * H)
        mask.set(this.buffers.mask, row * H)
      })
      const embedding = Int32Array.from(rows, ({ lane }) => lane.range.series.embedding)
      const forecasts = new Float32Array(observed * H * Q)
      network.step(
        { rows: rows.length, observed, inputs, embedding, states: before, features, calendar },
        { states: before, forecasts },
      )
      rows.forEach(({ i }, row) => states.set(before.subarray(row * size, (row + 1) * size), i * size))
      for (let at = 0; at < observed * H; at++) {
        if (mask[at] === 0) continue
        for (let q = 0; q < Q; q++) sum += pinball(targets[at]!, forecasts[at * Q + q]!, spec.quantiles[q]!)
        count += Q
      }
    }
    return count > 0 ? sum / count : NaN
  }
}
