import { INPUTS, pastInputs } from '../core/features.js'
import { F64, F64_WIDTH, REWARM_STEPS } from '../core/layout.js'
import { symbolAt } from '../core/symbol-row.js'
import type { StepBuffers } from '../ports/engine.js'
import type { ActiveModel } from './active-model.js'
import type { PartitionStates } from './partition-states.js'
import { allocateBuffers } from './step-buffers.js'

/** Series whose states are rebuilt together. */
const GROUP = 1024

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
  const { network } = model
  if (network === null) return
  const buffers = allocateBuffers(network.spec, GROUP)
  for (let from = 0; from < slots.length; from += GROUP) {
    const group = slots.slice(from, from + GROUP)
    for (let back = REWARM_STEPS - 1; back >= 0; back--) {
      const rows = fill(states, group, back, model, buffers)
      if (rows > 0) await network.step(hidden, buffers, [{ start: 0, rows, observed: 0 }])
    }
  }
  for (const slot of slots) {
    const at = slot * F64_WIDTH + F64.warm
    // As if the warm-up had just ended: what the series forecasts from here on is the network's, what it did before is not.
    states.table.f64[at] = Math.min(Math.max(1, states.warmUp), historyOf(states, slot))
    states.touch(slot)
  }
}

/** Steps of the past that the ring really holds. */
function historyOf(states: PartitionStates, slot: number): number {
  return Math.min(REWARM_STEPS, states.table.f64[slot * F64_WIDTH + F64.count]!)
}

function fill(
  states: PartitionStates,
  group: readonly number[],
  back: number,
  model: ActiveModel,
  buffers: StepBuffers,
): number {
  const { table, layout } = states
  const { interval } = layout.shape
  let row = 0
  for (const slot of group) {
    const history = historyOf(states, slot)
    if (back >= history) continue
    const at = slot * F64_WIDTH
    const index = table.f64[at + F64.index]! - back
    const ts = interval > 0 ? index * interval : table.f64[at + F64.ts]!
    buffers.slots[row] = slot
    buffers.fresh[row] = back === history - 1 ? 1 : 0
    buffers.embedding[row] = model.embeddingOf(states.slots.name(slot)!)
    if (states.symbols === null) pastInputs(table, slot, index, ts, buffers.inputs, row * INPUTS)
    else buffers.inputs[row] = states.symbols.networkNumber(model, symbolAt(table, slot, index))
    row++
  }
  return row
}
