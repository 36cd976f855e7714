import { decimalsFor, writeNumber } from '../decimals.js'
import { isoInterval, type ForecastForm, type ForecastWriter } from './format.js'
import { Pieces } from './pieces.js'

/**
 * Writes a forecast as one JSON record. The 72 numbers of a common forecast cost most of a record's time, so they are
 * written digit by digit into one buffer that is handed out in pieces; nothing is allocated per number.
 */
export class JsonWideWriter implements ForecastWriter {
  readonly records = 1
  private readonly levels: readonly Buffer[]
  private readonly start: string
  private readonly interval: string
  private readonly horizon: number
  /** Parts of the last record that the next one often shares: its origin, and what follows on it up to the numbers. */
  private origin = NaN
  private originText = Buffer.alloc(0)
  private model = ''
  private modelText = Buffer.alloc(0)

  /** @param frame bytes before each value */
  constructor(
    { name, interval, horizon, quantiles }: ForecastForm,
    private readonly frame: Uint8Array,
    private readonly pieces = new Pieces(),
  ) {
    this.interval = isoInterval(interval)
    this.horizon = horizon
    this.start = `{"pipeline":${JSON.stringify(name)},"series":`
    this.levels = quantiles.map((q, i) => Buffer.from(`${i === 0 ? '' : '],'}"${String(q)}":[`))
  }

  head(series: string): Buffer {
    return Buffer.concat([this.frame, Buffer.from(`${this.start}${JSON.stringify(series)},"origin":"`)])
  }

  write(head: Uint8Array, origin: number, model: string, forecast: Float64Array, scale: number): Uint8Array {
    const Q = this.levels.length
    this.share(origin, model)
    const { originText, modelText, pieces } = this
    pieces.reserve(head.length + originText.length + modelText.length + this.horizon * Q * 26 + Q * 24 + 8)
    const { buffer } = pieces
    let p = pieces.at
    buffer.set(head, p)
    p += head.length
    buffer.set(originText, p)
    p += originText.length
    buffer.set(modelText, p)
    p += modelText.length
    const decimals = decimalsFor(scale)
    for (let q = 0; q < Q; q++) {
      const level = this.levels[q]!
      for (let i = 0; i < level.length; i++) buffer[p++] = level[i]!
      for (let h = 0; h < this.horizon; h++) {
        if (h > 0) buffer[p++] = 44
        p = writeNumber(buffer, p, forecast[h * Q + q]!, decimals)
      }
    }
    buffer[p++] = 93
    buffer[p++] = 125
    buffer[p++] = 125
    return pieces.cut(p)
  }

  private share(origin: number, model: string): void {
    if (origin !== this.origin) {
      this.origin = origin
      this.originText = Buffer.from(new Date(origin).toISOString())
    }
    if (model !== this.model) {
      this.model = model
      this.modelText = Buffer.from(
        `","interval":"${this.interval}","horizon":${String(this.horizon)},"model":"${model}","quantiles":{`,
      )
    }
  }
}
