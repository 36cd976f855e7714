/** Number of every symbol that has none of its own. */
export const UNKNOWN = 0

/** Symbols by number, in the order in which they first came; once full, whatever else comes is unknown. */
export class Vocabulary {
  private readonly numbers = new Map<string, number>()
  private readonly symbols: string[] = []

  /** @param most symbols that get a number */
  constructor(private readonly most: number) {}

  /** Symbols with a number of their own: 1 … size. */
  get size(): number {
    return this.symbols.length
  }

  /** The symbol's number, from now on its own where there is room. */
  take(symbol: string): number {
    const known = this.numbers.get(symbol)
    if (known !== undefined) return known
    if (this.symbols.length >= this.most) return UNKNOWN
    this.numbers.set(symbol, this.symbols.push(symbol))
    return this.symbols.length
  }

  find(symbol: string): number {
    return this.numbers.get(symbol) ?? UNKNOWN
  }

  /** `undefined`: unknown. */
  name(number: number): string | undefined {
    return this.symbols[number - 1]
  }

  /** In the order of their numbers, from 1. */
  list(): readonly string[] {
    return this.symbols
  }
}
