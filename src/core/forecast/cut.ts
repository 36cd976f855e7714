import type { ForecastWriter } from './format.js'

/** Which numbers of a forecast are published. */
export interface Grid {
  readonly horizon: number
  /** Ascending. */
  readonly quantiles: readonly number[]
}

/**
 * Writes a part of each forecast: the first steps, at some of the levels.
 * @param writer of the part
 */
export function cutWriter(whole: Grid, part: Grid, writer: ForecastWriter): ForecastWriter {
  if (part.horizon === whole.horizon && part.quantiles.length === whole.quantiles.length) return writer
  const levels = part.quantiles.map((level) => whole.quantiles.indexOf(level))
  const width = whole.quantiles.length
  const kept = new Float64Array(part.horizon * levels.length)
  return {
    records: writer.records,
    head: (series) => writer.head(series),
    write(head, origin, model, forecast, scale, record) {
      for (let h = 0, o = 0; h < part.horizon; h++) {
        for (const level of levels) kept[o++] = forecast[h * width + level]!
      }
      return writer.write(head, origin, model, kept, scale, record)
    },
  }
}
