import { valueFormat, type SchemaLookup, type ValueFormat } from '../value-format.js'
import { isoInterval, quantileField, type Forecast, type ForecastForm } from './format.js'

type Fields = Readonly<Record<string, unknown>>

/** Steps of a forecast, as far as they have been read. */
interface Steps {
  readonly first: Fields
  readonly rows: Fields[]
}

/**
 * Reads a pipeline's output topic back: in the encoding that the pipeline writes, or JSON, in which it may have written
 * before; wide or long. What is no forecast is passed over.
 */
export class ForecastReader {
  private readonly framed: ValueFormat | null
  private readonly json = valueFormat('json', true, null)
  /** By series: the forecast whose steps are coming in. */
  private readonly open = new Map<string, Steps>()
  private readonly levels: readonly { readonly level: string; readonly field: string }[]

  constructor(
    private readonly form: ForecastForm,
    lookup: SchemaLookup | null,
  ) {
    const { output } = form.encoding
    this.framed = output === 'json' ? null : valueFormat(output, true, lookup)
    this.levels = form.quantiles.map((q) => ({ level: String(q), field: quantileField(q) }))
  }

  /** To be awaited before these records are read. Rejects while the schema registry cannot be asked. */
  prepare(records: readonly { readonly value: Uint8Array | null }[]): Promise<void> | undefined {
    return this.framed?.prepare(records)
  }

  /**
   * The forecast that this record is, or completes. Those of a series are to come in their order; those of several may be
   * mixed.
   */
  read(value: Uint8Array | null): Forecast | null {
    const fields = value === null ? null : this.fieldsOf(value)
    if (fields === null || typeof fields['series'] !== 'string') return null
    if ('quantiles' in fields) return whole(fields)
    if ('symbols' in fields) return whole({ ...fields, quantiles: {} })
    return 'step' in fields ? this.join(fields['series'], fields) : null
  }

  private fieldsOf(value: Uint8Array): Fields | null {
    try {
      const format = value[0] === 0 && this.framed !== null ? this.framed : this.json
      const fields = format.read(value, 0)
      return typeof fields === 'object' && fields !== null ? (fields as Fields) : null
    } catch {
      return null
    }
  }

  private join(series: string, row: Fields): Forecast | null {
    const step = Number(row['step'])
    let steps = this.open.get(series)
    if (step === 1) this.open.set(series, (steps = { first: row, rows: [] }))
    // Its beginning has not been read.
    if (steps === undefined) return null
    if (step !== steps.rows.length + 1 || isoOf(row['origin']) !== isoOf(steps.first['origin'])) {
      this.open.delete(series)
      return null
    }
    steps.rows.push(row)
    const { name, horizon, interval } = this.form
    if (step < horizon) return null
    this.open.delete(series)
    return {
      pipeline: name,
      series,
      origin: isoOf(row['origin']),
      interval: isoInterval(interval),
      horizon,
      model: String(row['model']),
      quantiles: Object.fromEntries(
        this.levels.map(({ level, field }) => [level, steps.rows.map((one) => Number(one[field]))]),
      ),
    }
  }
}

/** Avro has times in milliseconds. */
function whole(fields: Fields): Forecast {
  const quantiles = { ...(fields['quantiles'] as Forecast['quantiles']) }
  return { ...(fields as unknown as Forecast), origin: isoOf(fields['origin']), quantiles }
}

function isoOf(time: unknown): string {
  return typeof time === 'number' ? new Date(time).toISOString() : String(time)
}
