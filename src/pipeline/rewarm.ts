import { pastInputs } from '../core/features.js'
import { F64, F64_WIDTH, REWARM_STEPS } from '../core/layout.js'
import { symbolAt } from '../core/symbol-row.js'
import type { StepBuffers, Wave } from '../ports/engine.js'
import type { ActiveModel } from './active-model.js'
import type { PartitionStates } from './partition-states.js'
import { recurrentBuffers } from './step-buffers.js'

/** Series whose states are rebuilt together: more of them would keep the engine from other partitions for too long. */
const GROUP = 256

/**
 * Rebuilds hidden states under a network by running it over the last steps of each series' ring, from zero; scaler,
 * profiles and calibration stay, as they do not depend on the weights.
 * @param hidden where the new states go, [capacity, hiddenSize]; may be the table in use
 */
export async function rewarm(
  states: PartitionStates,
  slots: readonly number[],
  model: ActiveModel,
  hidden: Float32Array,
): Promise<void> {
  if (model.network === null || slots.length === 0) return
  const rebuilding = new Rebuilding(states, model, Math.min(GROUP, slots.length))
  for (let from = 0; from < slots.length; from += GROUP) {
    await rebuilding.run(slots.slice(from, from + GROUP), hidden)
  }
  for (const slot of slots) {
    restartWarmUp(states, slot)
    states.touch(slot)
  }
}

/**
 * As if the warm-up had just ended: what the series forecasts from here on is the network's, what it did before is not.
 * @param steps that the hidden state has behind it at most
 */
export function restartWarmUp(states: PartitionStates, slot: number, steps = REWARM_STEPS): void {
  const behind = Math.min(Math.max(1, states.warmUp), historyOf(states, slot), steps)
  states.table.f64[slot * F64_WIDTH + F64.warm] = behind
}

/** Runs a network over the rings of some series at a time: one call of the engine, a wave for each step back. */
export class Rebuilding {
  private readonly buffers: StepBuffers

  /** @param most series at a time */
  constructor(
    private readonly states: PartitionStates,
    private readonly model: ActiveModel,
    most: number,
  ) {
    this.buffers = recurrentBuffers(model.network!.spec, most * REWARM_STEPS)
  }

  /** @param hidden see `rewarm` */
  async run(slots: readonly number[], hidden: Float32Array): Promise<void> {
    const waves: Wave[] = []
    let start = 0
    for (let back = REWARM_STEPS - 1; back >= 0; back--) {
      const rows = this.fill(slots, back, start)
      if (rows > 0) waves.push({ start, rows, observed: 0 })
      start += rows
    }
    if (start > 0) await this.model.network!.step(hidden, this.buffers, waves)
  }

  private fill(slots: readonly number[], back: number, from: number): number {
    const { states, model, buffers } = this
    const { table, layout } = states
    const { interval } = layout.shape
    const { inputs } = model.network!.spec
    let row = from
    for (const slot of slots) {
      const history = historyOf(states, slot)
      if (back >= history) continue
      const at = slot * F64_WIDTH
      const index = table.f64[at + F64.index]! - back
      const ts = interval > 0 ? index * interval : table.f64[at + F64.ts]!
      buffers.slots[row] = slot
      buffers.fresh[row] = back === history - 1 ? 1 : 0
      buffers.embedding[row] = model.embeddingOf(states.slots.name(slot)!)
      if (states.symbols === null) pastInputs(table, slot, index, ts, buffers.inputs, row * inputs)
      else buffers.inputs[row] = states.symbols.networkNumber(model, symbolAt(table, slot, index))
      row++
    }
    return row - from
  }
}

/** Steps of the past that the ring really holds. */
function historyOf(states: PartitionStates, slot: number): number {
  return Math.min(REWARM_STEPS, states.table.f64[slot * F64_WIDTH + F64.count]!)
}
