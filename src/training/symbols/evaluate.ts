import { Accuracy } from '../../core/accuracy.js'
import { MarkovBaseline } from '../../core/markov.js'
import { stateSize } from '../../core/network-spec.js'
import type { SteppingNetwork } from '../../model/stepping-network.js'
import type { Scores } from '../../ports/model-store.js'
import { inputOf, MISSING, type Sequence } from './sequences.js'

/** Steps over which a state is run in before it is judged. */
const WARM_UP = 96
/** Stretches that run side by side. */
const LANES = 64

/** Targets are the symbols [from, end). */
export interface JudgedRange {
  readonly sequence: Sequence
  readonly from: number
  readonly end: number
}

/** Reads the ranges, each cut into stretches that have been run in, and scores what is said of every next symbol. */
export function scoreNetwork(network: SteppingNetwork, ranges: readonly JudgedRange[]): Scores {
  const width = network.spec.symbols!.length + 1
  const size = stateSize(network.spec)
  const accuracy = new Accuracy([0, 0.5, 1])
  const lanes = lanesOf(ranges)
  const states = new Float32Array(lanes.length * size)
  const ticks = Math.max(0, ...lanes.map((lane) => lane.end - lane.warm))
  for (let tick = 1; tick < ticks; tick++) {
    // The longest first, so that those that have ended lie at the end.
    const rows = lanes.filter((lane) => lane.warm + tick < lane.end).length
    const inputs = new Float32Array(rows)
    for (let row = 0; row < rows; row++) {
      const { sequence, warm } = lanes[row]!
      inputs[row] = inputOf(sequence.symbols[warm + tick - 1]!)
    }
    const forecasts = new Float32Array(rows * width)
    const wave = states.subarray(0, rows * size)
    network.step(
      { rows, observed: rows, inputs, embedding: NONE, states: wave, features: NO_FEATURES, calendar: NONE },
      { states: wave, forecasts },
    )
    for (let row = 0; row < rows; row++) {
      const { sequence, warm, from } = lanes[row]!
      const symbol = sequence.symbols[warm + tick]!
      if (warm + tick < from || symbol === MISSING) continue
      const said = forecasts.subarray(row * width, (row + 1) * width)
      accuracy.addSymbol(said[symbol]!, said[symbol]! >= said.reduce((a, b) => Math.max(a, b)))
    }
  }
  return scoresOf(accuracy)
}

/** The baseline on the same targets: it has counted everything before the first of them, and goes on counting. */
export function scoreBaseline(ranges: readonly JudgedRange[], symbols: number): Scores {
  const accuracy = new Accuracy([0, 0.5, 1])
  const markov = new MarkovBaseline()
  const previous = (one: Sequence, i: number): number | null => {
    const before = i === 0 ? MISSING : one.symbols[i - 1]!
    return before === MISSING ? null : before
  }
  for (const { sequence, from } of ranges) {
    for (let i = 0; i < from; i++) {
      const symbol = sequence.symbols[i]!
      if (symbol !== MISSING) markov.learn(previous(sequence, i), symbol)
    }
  }
  const judged = ranges.flatMap(({ sequence, from, end }) =>
    Array.from({ length: end - from }, (_, i) => ({ sequence, i: from + i })),
  )
  judged.sort((a, b) => a.sequence.ts[a.i]! - b.sequence.ts[b.i]!)
  for (const { sequence, i } of judged) {
    const symbol = sequence.symbols[i]!
    if (symbol === MISSING) continue
    const before = previous(sequence, i)
    accuracy.addSymbol(markov.probability(before, symbol, symbols), markov.best(before) === symbol)
    markov.learn(before, symbol)
  }
  return scoresOf(accuracy)
}

const NONE = new Int32Array()
const NO_FEATURES = new Float32Array()

interface Lane extends JudgedRange {
  /** First symbol read, from zero state. */
  readonly warm: number
}

/** Longest first. */
function lanesOf(ranges: readonly JudgedRange[]): Lane[] {
  const total = ranges.reduce((sum, { from, end }) => sum + (end - from), 0)
  const length = Math.max(1, Math.ceil(total / LANES))
  const lanes = ranges.flatMap(({ sequence, from, end }) =>
    Array.from({ length: Math.ceil((end - from) / length) }, (_, i): Lane => {
      const start = from + i * length
      return {
        sequence,
        warm: Math.max(0, start - WARM_UP),
        from: start,
        end: Math.min(end, start + length),
      }
    }),
  )
  return lanes.sort((a, b) => b.end - b.warm - (a.end - a.warm))
}

function scoresOf(accuracy: Accuracy): Scores {
  const { logLoss, accuracy: hits, targets } = accuracy.scores()
  return { mase: NaN, wql: NaN, coverage: NaN, targets, logLoss: logLoss ?? NaN, accuracy: hits ?? NaN }
}
