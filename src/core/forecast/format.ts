/** How forecasts are written. Framed as Confluent's clients do it, but for `json`. */
export type OutputEncoding = 'json' | 'avro' | 'json-schema'
/** One record for a forecast, or one for each of its steps. */
export type OutputFormat = 'wide' | 'long'

/** What of a pipeline's configuration its forecasts' form depends on. */
export interface ForecastForm {
  readonly name: string
  /** ms; 0 on the observation grid. */
  readonly interval: number
  readonly horizon: number
  /** Ascending. */
  readonly quantiles: readonly number[]
  readonly encoding: { readonly output: OutputEncoding }
  readonly publish: { readonly format: OutputFormat }
}

/** A forecast as the records of the `wide` format have it, whatever it was read from. */
export interface Forecast {
  readonly pipeline: string
  readonly series: string
  /** ISO 8601. */
  readonly origin: string
  readonly interval: string
  readonly horizon: number
  /** `name@version`, `baseline` included. */
  readonly model: string
  /** By level: element h, from 0, is for origin + (h + 1) · interval. */
  readonly quantiles: Readonly<Record<string, readonly number[]>>
  /** Only of symbols, which have no quantiles: the most probable next ones. */
  readonly symbols?: readonly { readonly symbol: string; readonly probability: number }[]
}

/** Turns forecasts into values of records. Its numbers are rounded: the same ones in every encoding and format. */
export interface ForecastWriter {
  /** How many records a forecast becomes. */
  readonly records: number
  /** The bytes with which every record of a series begins; made once for each. */
  head(series: string): Uint8Array
  /**
   * @param head of the series
   * @param origin ms
   * @param forecast [horizon, quantiles]
   * @param scale sets the number of decimals: five digits below its own magnitude
   * @param record which of the `records`, from 0
   * @returns bytes that stay as they are
   */
  write(
    head: Uint8Array,
    origin: number,
    model: string,
    forecast: Float64Array,
    scale: number,
    record: number,
  ): Uint8Array
}

export function recordsPerForecast({ horizon, publish }: ForecastForm): number {
  return publish.format === 'long' ? horizon : 1
}

/** Time stamps (ms) of what is forecast from an origin; `null` on the observation grid, where they are not known. */
export function targetOf(origin: number, step: number, interval: number): number | null {
  return interval === 0 ? null : origin + step * interval
}

/**
 * Name of a level's field in the `long` format, its percentage: `q10` of 0.1, `q97_5` of 0.975. Names with a point in
 * them are columns hardly anywhere.
 */
export function quantileField(level: number): string {
  return `q${String(Number((level * 100).toPrecision(12))).replace(/[.-]/g, '_')}`
}

/** ISO 8601 duration of a grid step, e.g. PT1H; `observations` for the observation grid. */
export function isoInterval(ms: number): string {
  if (ms === 0) return 'observations'
  const units: [number, string, string][] = [
    [86_400_000, 'P', 'D'],
    [3_600_000, 'PT', 'H'],
    [60_000, 'PT', 'M'],
  ]
  for (const [size, prefix, suffix] of units) {
    if (ms % size === 0) return `${prefix}${String(ms / size)}${suffix}`
  }
  return `PT${String(ms / 1000)}S`
}

const UNIT_MS = { D: 86_400_000, H: 3_600_000, M: 60_000, S: 1000 } as const

/** What `isoInterval` was made of, ms; `null` on the observation grid, whose steps have no length. */
export function intervalMs(interval: string): number | null {
  const [, count, unit] = /^PT?([\d.]+)([DHMS])$/.exec(interval) ?? []
  return unit === undefined ? null : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
}
