import { MarkovBaseline, type MarkovMemory } from '../core/markov.js'
import { Vocabulary } from '../core/vocabulary.js'
import type { ActiveModel } from './active-model.js'

/** As it stands in a snapshot. */
export interface SymbolMemory {
  readonly vocabulary: readonly string[]
  readonly markov: MarkovMemory
}

/**
 * What a partition knows of the symbols of its series. Their numbers are the partition's own, given in offset order, as
 * rows and counts must outlast every network; each network has its own, into which they are translated.
 */
export class PartitionSymbols {
  readonly vocabulary: Vocabulary
  readonly markov = new MarkovBaseline()
  /** Floats of a forecast: every symbol's probability, and that of the unknown one. */
  readonly cells: number
  /** By the partition's number, that of `model`; filled as far as `translated`. */
  private readonly numbers: Int32Array
  private translated = 0
  private model: ActiveModel | undefined
  private unknown = 0

  constructor(maxVocabulary: number) {
    this.vocabulary = new Vocabulary(maxVocabulary)
    this.cells = maxVocabulary + 1
    this.numbers = new Int32Array(this.cells)
  }

  /** A symbol's number under a network, 0 where it has none. */
  networkNumber(model: ActiveModel, number: number): number {
    this.translate(model)
    return this.numbers[number]!
  }

  /** Symbols that share what the network gives to the unknown one: those it does not know, and any other. */
  unknownTo(model: ActiveModel): number {
    this.translate(model)
    return this.unknown + 1
  }

  memory(): SymbolMemory {
    return { vocabulary: this.vocabulary.list(), markov: this.markov.memory() }
  }

  resume({ vocabulary, markov }: SymbolMemory): void {
    for (const symbol of vocabulary) this.vocabulary.take(symbol)
    this.markov.resume(markov)
  }

  private translate(model: ActiveModel): void {
    const { vocabulary } = this
    if (model !== this.model) {
      this.model = model
      this.translated = this.unknown = 0
    }
    while (this.translated < vocabulary.size) {
      const number = model.symbolOf(vocabulary.name(++this.translated)!)
      this.numbers[this.translated] = number
      if (number === 0) this.unknown++
    }
  }
}
