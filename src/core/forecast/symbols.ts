import type { Vocabulary } from '../vocabulary.js'
import type { ForecastWriter } from './format.js'

/** Digits behind the point of a published probability. */
const DECIMALS = 6

/** Writes forecasts of symbol series as JSON: the most probable next symbols, most probable first. */
export class SymbolWriter implements ForecastWriter {
  readonly records = 1
  private readonly start: string
  private readonly top: number
  private readonly best: number[] = []

  /** @param vocabulary whose numbers the forecasts are in */
  constructor(
    { name, symbols }: { readonly name: string; readonly symbols: { readonly top: number } },
    private readonly vocabulary: Pick<Vocabulary, 'size' | 'name'>,
  ) {
    this.start = `{"pipeline":${JSON.stringify(name)},"series":`
    this.top = symbols.top
  }

  head(series: string): Buffer {
    return Buffer.from(`${this.start}${JSON.stringify(series)},"origin":"`)
  }

  /** @param forecast probabilities by number; 0, the unknown symbol, is not named */
  write(head: Uint8Array, origin: number, model: string, forecast: Float64Array): Uint8Array {
    const named = this.mostProbable(forecast).map((number) => {
      const probability = Number(forecast[number]!.toFixed(DECIMALS))
      return `{"symbol":${JSON.stringify(this.vocabulary.name(number))},"probability":${String(probability)}}`
    })
    const start = `${new Date(origin).toISOString()}","interval":"observations","horizon":1,"model":"${model}"`
    return Buffer.concat([head, Buffer.from(`${start},"symbols":[${named.join(',')}]}`)])
  }

  /** Of equally probable ones, those with the lower number. */
  private mostProbable(forecast: Float64Array): readonly number[] {
    const { best, top } = this
    best.length = 0
    for (let number = 1; number <= this.vocabulary.size; number++) {
      const p = forecast[number]!
      if (best.length === top && p <= forecast[best[top - 1]!]!) continue
      let i = best.length === top ? top - 1 : best.length
      for (; i > 0 && forecast[best[i - 1]!]! < p; i--) best[i] = best[i - 1]!
      best[i] = number
    }
    return best
  }
}
