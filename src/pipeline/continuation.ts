import type { PipelineConfig } from '../config/types.js'
import { F64, REWARM_STEPS } from '../core/layout.js'
import { symbolAt } from '../core/symbol-row.js'
import { UNKNOWN } from '../core/vocabulary.js'
import { drawToken } from '../model/draw-token.js'
import { Random } from '../model/random.js'
import type { StateRow, StoredStates } from '../ports/broker.js'
import type { Continuation, SampleRequest } from '../ports/control.js'
import type { LoadedNetwork } from '../ports/engine.js'
import { modelLabel, type ActiveModel } from './active-model.js'
import { PartitionStates, sharedFloats } from './partition-states.js'
import type { SymbolMemory } from './partition-symbols.js'
import { allocateBuffers } from './step-buffers.js'

/** A copy of all that is known of a symbol series: whatever becomes of it, the series stays as it is. */
export interface Branch {
  readonly config: PipelineConfig
  readonly model: ActiveModel
  readonly row: StateRow
  readonly symbols: SymbolMemory
  /** What `model` said of the next symbol, by its numbers; `null` where that is not in memory. */
  readonly forecast: Float64Array | null
}

/** Says what comes next, [symbols + 1] by number; then takes a number as what came. */
interface Speaker {
  readonly version: number
  readonly name: (number: number) => string | undefined
  probabilities(): ArrayLike<number>
  take(number: number): Promise<void>
}

export const NOTHING_STORED: StoredStates = {
  meta: async () => null,
  count: async () => 0,
  load: async function* () {
    // There are no others.
  },
  get: () => null,
}

/**
 * Draws symbol after symbol, each from the probabilities after the ones before: by the network, from the carried state of
 * the series, or by the baseline where that forecasts it. The unknown symbol is never drawn.
 */
export async function continuation(branch: Branch, request: SampleRequest): Promise<Continuation> {
  const { config, model, row } = branch
  const { length, temperature, seed } = request
  const states = new PartitionStates(config, NOTHING_STORED, model)
  states.symbols!.resume(branch.symbols)
  const slot = states.admit(row.series, row)
  const ready = model.network !== null && states.table.f64[F64.warm]! >= states.warmUp
  const speaker = ready
    ? await networkSpeaker(branch, states, slot, model.network)
    : baselineSpeaker(states, slot)
  const random = new Random(seed)
  const symbols: string[] = []
  while (symbols.length < length) {
    const logits = Float64Array.from(speaker.probabilities(), (probability, number) =>
      number === UNKNOWN ? -Infinity : Math.log(probability),
    )
    const drawn = drawToken(logits, temperature, random)
    symbols.push(speaker.name(drawn)!)
    await speaker.take(drawn)
  }
  return {
    pipeline: config.name,
    series: row.series,
    origin: new Date(states.table.f64[F64.ts]!).toISOString(),
    model: modelLabel(speaker.version, config.model.cell),
    temperature,
    seed,
    symbols,
  }
}

function baselineSpeaker({ symbols, table }: PartitionStates, slot: number): Speaker {
  const { vocabulary, markov } = symbols!
  let last = symbolAt(table, slot, table.f64[F64.index]!)
  const probabilities = new Float64Array(vocabulary.size + 1)
  return {
    version: 0,
    name: (number) => vocabulary.name(number),
    probabilities: () => {
      markov.probabilities(last, vocabulary.size, probabilities, 0)
      return probabilities
    },
    take: async (number) => void (last = number),
  }
}

async function networkSpeaker(
  { model, forecast }: Branch,
  states: PartitionStates,
  slot: number,
  network: LoadedNetwork,
): Promise<Speaker> {
  const { symbols = [] } = network.spec
  const { table } = states
  const buffers = allocateBuffers(network.spec, 1)
  buffers.slots[0] = slot
  const step = async (hidden: Float32Array, number: number): Promise<void> => {
    buffers.inputs[0] = number
    await network.step(hidden, buffers, [{ start: 0, rows: 1, observed: 1 }])
    buffers.fresh[0] = 0
  }
  let { hidden } = states
  const stale = states.stale.length > 0
  if (forecast !== null && !stale) buffers.forecasts.set(forecast.subarray(0, symbols.length + 1))
  else {
    // What it says of the first symbol is not in the state: told anew from the last symbols, as after a change of network.
    const rebuilt = sharedFloats(hidden.length)
    buffers.fresh[0] = 1
    for (let back = Math.min(REWARM_STEPS, table.f64[F64.count]!) - 1; back >= 0; back--) {
      const symbol = symbolAt(table, slot, table.f64[F64.index]! - back)
      await step(rebuilt, states.symbols!.networkNumber(model, symbol))
    }
    if (stale) hidden = rebuilt
  }
  return {
    version: model.version,
    name: (number) => symbols[number - 1],
    probabilities: () => buffers.forecasts,
    take: (number) => step(hidden, number),
  }
}
