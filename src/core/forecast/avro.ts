import { decimalsFor, rounded } from '../decimals.js'
import { parseAvroSchema, type AvroField } from '../avro/schema.js'
import { AvroWriter } from '../avro/write.js'
import { isoInterval, quantileField, targetOf, type ForecastForm, type ForecastWriter } from './format.js'
import { Pieces } from './pieces.js'
import { avroSchema } from './schemas.js'

/*
 * A record in Avro is its fields one after the other, so that parts of it are written by themselves: those of a series once, those
 * of an origin and a model for as long as they stay the same. What is left for each record is its numbers.
 */

const NOTHING = new Uint8Array()
const longs = new AvroWriter({ kind: 'long' })
const texts = new AvroWriter({ kind: 'string' })
const DOUBLE = 8

/** Some fields of the record, from one on up to another. */
class Fields {
  private readonly writer: AvroWriter

  constructor(form: ForecastForm, from: string, to?: string) {
    const type = parseAvroSchema(avroSchema(form))
    if (type.kind !== 'record') throw new TypeError('the schema of forecasts is not of records')
    const place = (name: string): number => type.fields.findIndex((field: AvroField) => field.name === name)
    const fields = type.fields.slice(place(from), to === undefined ? undefined : place(to))
    this.writer = new AvroWriter({ ...type, fields })
  }

  bytes(values: Readonly<Record<string, unknown>>, prefix: Uint8Array = NOTHING): Buffer {
    return this.writer.write(values, prefix)
  }
}

/** Writes a forecast as one record in Avro. */
export class AvroWideWriter implements ForecastWriter {
  readonly records = 1
  private readonly first: Fields
  private readonly second: Fields
  /** What stands before the numbers of each level: the end of the level before, its name, their count. */
  private readonly levels: readonly Buffer[]
  private readonly numbers: number
  private origin = NaN
  private model = ''
  private middle: Uint8Array = NOTHING

  /** @param frame bytes before each value */
  constructor(
    private readonly form: ForecastForm,
    private readonly frame: Uint8Array,
    private readonly pieces = new Pieces(),
  ) {
    this.first = new Fields(form, 'pipeline', 'origin')
    this.second = new Fields(form, 'origin', 'quantiles')
    const { quantiles, horizon } = form
    this.levels = quantiles.map((level, i) => {
      const before = longs.write(i === 0 ? quantiles.length : 0, NOTHING)
      return longs.write(horizon, texts.write(String(level), before))
    })
    const names = this.levels.reduce((bytes, level) => bytes + level.length, 0)
    this.numbers = names + quantiles.length * horizon * DOUBLE + 2
  }

  head(series: string): Buffer {
    return this.first.bytes({ pipeline: this.form.name, series }, this.frame)
  }

  write(head: Uint8Array, origin: number, model: string, forecast: Float64Array, scale: number): Uint8Array {
    if (origin !== this.origin || model !== this.model) {
      const { interval, horizon } = this.form
      this.middle = this.second.bytes({ origin, interval: isoInterval(interval), horizon, model })
      this.origin = origin
      this.model = model
    }
    const { pieces, middle, levels } = this
    pieces.reserve(head.length + middle.length + this.numbers)
    const { buffer } = pieces
    let p = pieces.at
    buffer.set(head, p)
    p += head.length
    buffer.set(middle, p)
    p += middle.length
    const Q = levels.length
    const decimals = decimalsFor(scale)
    for (let q = 0; q < Q; q++) {
      const level = levels[q]!
      for (let i = 0; i < level.length; i++) buffer[p++] = level[i]!
      for (let i = q; i < forecast.length; i += Q)
        p = buffer.writeDoubleLE(rounded(forecast[i]!, decimals), p)
    }
    // Ends of the last level's array and of the map.
    buffer[p++] = 0
    buffer[p++] = 0
    return pieces.cut(p)
  }
}

/** The branch of `["null", "double"]` that is a number. */
const PRESENT = 2

/** Writes a forecast as a record in Avro for each of its steps. */
export class AvroLongWriter implements ForecastWriter {
  readonly records: number
  private readonly first: Fields
  private readonly second: Fields
  private readonly levels: number
  private origin = NaN
  private model = ''
  private readonly middles: Buffer[] = []

  /** @param frame bytes before each value */
  constructor(
    private readonly form: ForecastForm,
    private readonly frame: Uint8Array,
    private readonly pieces = new Pieces(),
  ) {
    this.records = form.horizon
    this.levels = form.quantiles.length
    this.first = new Fields(form, 'pipeline', 'origin')
    this.second = new Fields(form, 'origin', quantileField(form.quantiles[0]!))
  }

  head(series: string): Buffer {
    return this.first.bytes({ pipeline: this.form.name, series }, this.frame)
  }

  write(
    head: Uint8Array,
    origin: number,
    model: string,
    forecast: Float64Array,
    scale: number,
    record: number,
  ): Uint8Array {
    if (origin !== this.origin || model !== this.model) this.share(origin, model)
    const { pieces, levels } = this
    const middle = this.middles[record]!
    pieces.reserve(head.length + middle.length + levels * (1 + DOUBLE))
    const { buffer } = pieces
    let p = pieces.at
    buffer.set(head, p)
    p += head.length
    buffer.set(middle, p)
    p += middle.length
    const decimals = decimalsFor(scale)
    for (let q = 0; q < levels; q++) {
      buffer[p++] = PRESENT
      p = buffer.writeDoubleLE(rounded(forecast[record * levels + q]!, decimals), p)
    }
    return pieces.cut(p)
  }

  private share(origin: number, model: string): void {
    for (let h = 0; h < this.records; h++) {
      const target = targetOf(origin, h + 1, this.form.interval)
      this.middles[h] = this.second.bytes({ origin, target, step: h + 1, model })
    }
    this.origin = origin
    this.model = model
  }
}
