import type { PipelineConfig } from '../config/types.js'
import type { ForecastWriter } from '../core/forecast/format.js'
import { SymbolWriter } from '../core/forecast/symbols.js'
import { observeSymbol, symbolAt } from '../core/symbol-row.js'
import { UNKNOWN } from '../core/vocabulary.js'
import type { ActiveModel } from './active-model.js'
import type { Forecaster, StepRows } from './forecaster.js'
import type { Part } from './part.js'
import type { PartitionStates } from './partition-states.js'
import type { PartitionSymbols } from './partition-symbols.js'

/**
 * Probabilities of the next symbol, by the network or by how often it has followed. A forecast is in the numbers of who
 * made it: of the network, or of the partition.
 */
export class SymbolForecaster implements Forecaster {
  /** Of what the baseline says, and of what the network in use does. */
  private readonly counted: ForecastWriter
  private network: { readonly version: number; readonly writer: ForecastWriter } | undefined
  private readonly made: Float64Array
  private readonly last: Float64Array

  constructor(
    private readonly config: PipelineConfig,
    private readonly states: PartitionStates,
    private readonly symbols: PartitionSymbols,
  ) {
    this.counted = new SymbolWriter(config, symbols.vocabulary)
    this.made = new Float64Array(symbols.cells)
    this.last = new Float64Array(symbols.cells)
  }

  rows(capacity: number): SymbolRows {
    return new SymbolRows(this, this.states, this.symbols, capacity)
  }

  forecast(part: Part, row: number, model: ActiveModel, rows: SymbolRows): Float64Array {
    const { made: forecast } = this
    const { steps } = this.states
    const s = part.stepOf[row]!
    this.score(steps.slots[s]!, steps.index[s]!, steps.value[s]!, row, rows, model)
    forecast.fill(0)
    if (part.byNetwork[row] === 1 && part.buffers !== null) {
      const width = model.network!.spec.symbols!.length + 1
      const at = row * width
      forecast.set(part.buffers.forecasts.subarray(at, at + width))
    } else rows.baselineInto(row, forecast)
    return forecast
  }

  /** No forecast is made from a missing symbol, and the one before it does not wait for the one after. */
  skip(slot: number): void {
    this.states.latest.drop(slot)
  }

  writer(version: number, model: ActiveModel): ForecastWriter | null {
    if (version === 0) return this.counted
    if (version !== model.version) return null
    if (this.network?.version !== version) {
      const { symbols = [] } = model.network!.spec
      const names = { size: symbols.length, name: (number: number) => symbols[number - 1] }
      this.network = { version, writer: new SymbolWriter(this.config, names) }
    }
    return this.network.writer
  }

  json(version: number, model: ActiveModel): ForecastWriter | null {
    return this.writer(version, model)
  }

  /** Published and baseline on the same symbols: those that a forecast stands for. */
  private score(
    slot: number,
    index: number,
    symbol: number,
    row: number,
    rows: SymbolRows,
    model: ActiveModel,
  ): void {
    const { symbols, last } = this
    const made = this.states.latest.read(slot, last)
    if (made === null || (made.version > 0 && made.version !== model.version)) return
    const number = made.version > 0 ? symbols.networkNumber(model, symbol) : symbol
    // Of symbols that the network does not know, each has its share in the unknown one.
    const share = made.version > 0 && number === UNKNOWN ? symbols.unknownTo(model) : 1
    // One that had no number yet when the baseline forecast was unknown then.
    const given = last[number]! > 0 ? last[number]! : last[UNKNOWN]!
    let likelier = false
    for (let other = 1; other < last.length && !likelier; other++) likelier = last[other]! > given
    const { scores } = this.states
    scores.ours.addSymbol(given / share, !likelier && number !== UNKNOWN)
    scores.theirs.addSymbol(rows.probability[row]!, rows.expected[row] === 1)
    scores.settle(0, scores.weigh(index))
  }
}

/** Rows of symbols: their numbers, and what the baseline had expected. */
class SymbolRows implements StepRows {
  /** By row: the probability that the baseline had given to the symbol which came, and whether it was its first. */
  readonly probability: Float64Array
  readonly expected: Uint8Array
  /** [capacity, cells] of the rows that the baseline forecasts. */
  private readonly baseline: Float64Array

  constructor(
    private readonly forecaster: SymbolForecaster,
    private readonly states: PartitionStates,
    private readonly symbols: PartitionSymbols,
    capacity: number,
  ) {
    this.probability = new Float64Array(capacity)
    this.expected = new Uint8Array(capacity)
    this.baseline = new Float64Array(capacity * symbols.cells)
  }

  begin(): void {
    // Nothing to be done.
  }

  observe(row: number, slot: number, index: number, value: number): void {
    const { markov, vocabulary } = this.symbols
    const before = observeSymbol(this.states.table, slot, index, value)
    if (value !== value) return
    this.probability[row] = markov.probability(before, value, vocabulary.size)
    this.expected[row] = markov.best(before) === value ? 1 : 0
    markov.learn(before, value)
  }

  keepBaseline(row: number, slot: number, index: number): void {
    const { markov, vocabulary, cells } = this.symbols
    const at = row * cells
    this.baseline.fill(0, at, at + cells)
    markov.probabilities(symbolAt(this.states.table, slot, index), vocabulary.size, this.baseline, at)
  }

  baselineInto(row: number, forecast: Float64Array): void {
    const { cells } = this.symbols
    forecast.set(this.baseline.subarray(row * cells, (row + 1) * cells))
  }

  read(
    slot: number,
    index: number,
    _ts: number,
    _observed: boolean,
    model: ActiveModel,
    into: Float32Array,
    at: number,
  ): void {
    into[at] = this.symbols.networkNumber(model, symbolAt(this.states.table, slot, index))
  }

  fill(
    part: Part,
    row: number,
    slot: number,
    index: number,
    ts: number,
    observed: boolean,
    model: ActiveModel,
  ): void {
    this.read(slot, index, ts, observed, model, part.buffers!.inputs, row)
  }

  forecast(part: Part, row: number, model: ActiveModel): Float64Array {
    return this.forecaster.forecast(part, row, model, this)
  }
}
