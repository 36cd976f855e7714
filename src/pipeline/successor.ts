import { F64, F64_WIDTH } from '../core/layout.js'
import type { StepBuffers } from '../ports/engine.js'
import type { ActiveModel } from './active-model.js'
import type { Part } from './part.js'
import { sharedFloats, wider, type PartitionStates } from './partition-states.js'
import { Rebuilding, restartWarmUp, rewarm } from './rewarm.js'
import { recurrentBuffers } from './step-buffers.js'

const FEWEST_ROWS = 16
const MOST_ROWS = 256
/** In the second, those series come that have come back from the store during the first. */
const PASSES = 2

/** What the new state of a slot is worth. */
const UNKNOWN = 0
const REWARMED = 1
/** Its series has started from zero since: nothing had to be rebuilt. */
const FROM_ZERO = 2

/**
 * A network on its way into use, with hidden states of its own beside those in use. They are rebuilt from the rings some
 * series at a time, between batches, and take the steps of all batches meanwhile, so that whenever the last series is
 * reached all of them are right, and the network can take over without another look at any.
 */
export class Successor {
  private hidden: Float32Array
  /** By slot. */
  private known: Uint8Array
  private readonly rebuilding: Rebuilding
  private readonly buffers = new Map<Part, StepBuffers>()
  private readonly inputs: number
  private cursor = 0
  private passes = 0
  /** ms, as last seen. */
  private perRow = 1
  private failure: Error | undefined

  constructor(
    private readonly states: PartitionStates,
    /** With a network. */
    readonly model: ActiveModel,
    parts: readonly Part[],
  ) {
    const { spec } = model.network!
    this.hidden = sharedFloats(states.hidden.length)
    this.known = new Uint8Array(states.table.capacity)
    this.rebuilding = new Rebuilding(states, model, MOST_ROWS)
    this.inputs = spec.inputs
    for (const part of parts) this.buffers.set(part, recurrentBuffers(spec, part.capacity))
  }

  /**
   * Rebuilds the states of the next few series; no batch may be under way.
   * @param budget ms that this may take about
   * @returns whether none is left
   */
  async rewarmSome(budget: number): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure
    const { slots } = this.states
    const most = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, budget / this.perRow))
    const group: number[] = []
    while (group.length < most && this.cursor < slots.extent) {
      const slot = this.cursor++
      if (this.isMissing(slot)) group.push(slot)
    }
    if (group.length > 0) {
      const started = performance.now()
      await this.rebuilding.run(group, this.hidden)
      for (const slot of group) this.known[slot] = REWARMED
      this.perRow = (performance.now() - started) / group.length
    }
    if (this.cursor < slots.extent) return false
    this.cursor = 0
    return ++this.passes >= PASSES
  }

  /** A step that a part is to take is noted, as this network reads it. Called where `Part` prepares it. */
  read(part: Part, row: number, slot: number, index: number, ts: number, observed: boolean): void {
    const buffers = this.buffers.get(part)!
    const fresh = part.fresh[row]!
    if (fresh === 1) this.known[slot] = FROM_ZERO
    buffers.slots[row] = slot
    buffers.fresh[row] = fresh
    buffers.embedding[row] = this.model.embeddingOf(this.states.slots.name(slot)!)
    part.rows.read(slot, index, ts, observed, this.model, buffers.inputs, row * this.inputs)
  }

  /**
   * Takes the part's steps. The states of slots that are not known yet become worth nothing by it, as they were before.
   * Where it fails, the batch goes on, and the next `rewarmSome` says so.
   */
  async step(part: Part): Promise<void> {
    const waves = part.plan.waves.map(({ start, rows }) => ({ start, rows, observed: 0 }))
    try {
      await this.model.network!.step(this.hidden, this.buffers.get(part)!, waves)
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error))
    }
  }

  /** The slot is another series' from now on, or has another state than the one stepped so far. */
  forget(slot: number): void {
    this.known[slot] = UNKNOWN
  }

  grow(capacity: number): void {
    this.hidden = wider(this.hidden, sharedFloats(capacity * this.states.hiddenSize))
    this.known = wider(this.known, new Uint8Array(capacity))
  }

  /** The states of all resident series under this network; no batch may be under way. It is of no use afterwards. */
  async finish(): Promise<Float32Array> {
    if (this.failure !== undefined) throw this.failure
    const { states, hidden } = this
    const missing: number[] = []
    for (const [, slot] of states.slots.entries()) {
      if (this.isMissing(slot)) missing.push(slot)
      else if (this.known[slot] === REWARMED) restartWarmUp(states, slot)
      else restartWarmUp(states, slot, states.table.f64[slot * F64_WIDTH + F64.warm])
    }
    await rewarm(states, missing, this.model, hidden)
    return hidden
  }

  private isMissing(slot: number): boolean {
    return this.known[slot] === UNKNOWN && this.states.slots.name(slot) !== undefined
  }
}
