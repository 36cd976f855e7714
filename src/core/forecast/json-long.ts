import { decimalsFor, writeNumber } from '../decimals.js'
import { quantileField, targetOf, type ForecastForm, type ForecastWriter } from './format.js'
import { Pieces } from './pieces.js'

/** Writes a forecast as a JSON record for each of its steps. */
export class JsonLongWriter implements ForecastWriter {
  readonly records: number
  private readonly start: string
  private readonly levels: readonly Buffer[]
  private readonly interval: number
  /** What the last forecast's records had between series and numbers; the next one often has the same. */
  private origin = NaN
  private model = ''
  private readonly middles: Buffer[] = []

  /** @param frame bytes before each value */
  constructor(
    { name, interval, horizon, quantiles }: ForecastForm,
    private readonly frame: Uint8Array,
    private readonly pieces = new Pieces(),
  ) {
    this.records = horizon
    this.interval = interval
    this.start = `{"pipeline":${JSON.stringify(name)},"series":`
    this.levels = quantiles.map((q) => Buffer.from(`,"${quantileField(q)}":`))
  }

  head(series: string): Buffer {
    return Buffer.concat([this.frame, Buffer.from(`${this.start}${JSON.stringify(series)},"origin":"`)])
  }

  write(
    head: Uint8Array,
    origin: number,
    model: string,
    forecast: Float64Array,
    scale: number,
    record: number,
  ): Uint8Array {
    this.share(origin, model)
    const { pieces, levels } = this
    const middle = this.middles[record]!
    pieces.reserve(head.length + middle.length + levels.length * 50 + 1)
    const { buffer } = pieces
    let p = pieces.at
    buffer.set(head, p)
    p += head.length
    buffer.set(middle, p)
    p += middle.length
    const decimals = decimalsFor(scale)
    for (let q = 0; q < levels.length; q++) {
      const level = levels[q]!
      for (let i = 0; i < level.length; i++) buffer[p++] = level[i]!
      p = writeNumber(buffer, p, forecast[record * levels.length + q]!, decimals)
    }
    buffer[p++] = 125
    return pieces.cut(p)
  }

  private share(origin: number, model: string): void {
    if (origin === this.origin && model === this.model) return
    this.origin = origin
    this.model = model
    const from = new Date(origin).toISOString()
    for (let h = 0; h < this.records; h++) {
      const target = targetOf(origin, h + 1, this.interval)
      const to = target === null ? 'null' : `"${new Date(target).toISOString()}"`
      this.middles[h] = Buffer.from(`${from}","target":${to},"step":${h + 1},"model":"${model}"`)
    }
  }
}
