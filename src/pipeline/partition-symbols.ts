import { MarkovBaseline, type MarkovMemory } from '../core/markov.js'
import { Vocabulary } from '../core/vocabulary.js'
import type { ActiveModel } from './active-model.js'

/** As it stands in a snapshot. */
export interface SymbolMemory {
  readonly vocabulary: readonly string[]
  readonly markov: MarkovMemory
}

/** By the partition's number, that of a network; filled as far as `translated`. */
interface Translation {
  readonly numbers: Int32Array
  translated: number
  unknown: number
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
  private readonly translations = new WeakMap<ActiveModel, Translation>()

  constructor(maxVocabulary: number) {
    this.vocabulary = new Vocabulary(maxVocabulary)
    this.cells = maxVocabulary + 1
  }

  /** A symbol's number under a network, 0 where it has none. */
  networkNumber(model: ActiveModel, number: number): number {
    return this.translationFor(model).numbers[number]!
  }

  /** Symbols that share what the network gives to the unknown one: those it does not know, and any other. */
  unknownTo(model: ActiveModel): number {
    return this.translationFor(model).unknown + 1
  }

  memory(): SymbolMemory {
    return { vocabulary: this.vocabulary.list(), markov: this.markov.memory() }
  }

  resume({ vocabulary, markov }: SymbolMemory): void {
    for (const symbol of vocabulary) this.vocabulary.take(symbol)
    this.markov.resume(markov)
  }

  private translationFor(model: ActiveModel): Translation {
    const { vocabulary } = this
    let translation = this.translations.get(model)
    if (translation === undefined) {
      translation = { numbers: new Int32Array(this.cells), translated: 0, unknown: 0 }
      this.translations.set(model, translation)
    }
    while (translation.translated < vocabulary.size) {
      const number = model.symbolOf(vocabulary.name(++translation.translated)!)
      translation.numbers[translation.translated] = number
      if (number === 0) translation.unknown++
    }
    return translation
  }
}
