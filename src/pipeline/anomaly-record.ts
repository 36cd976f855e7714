import type { PipelineConfig } from '../config/types.js'
import type { Anomaly } from '../core/anomaly.js'

/** What states keep as Float32 has so many digits. */
const DIGITS = 7

/** A reported observation as JSON: what came, what had been forecast one step ahead of it, and how far off it was. */
export function anomalyRecord(
  { name, quantiles }: Pick<PipelineConfig, 'name' | 'quantiles'>,
  series: string,
  { ts, value, score, lower, median, upper, consecutive }: Anomaly,
): Uint8Array {
  const rounded = (number: number): number => Number(number.toPrecision(DIGITS))
  const record = {
    pipeline: name,
    series,
    ts: new Date(ts).toISOString(),
    value,
    score: rounded(score),
    consecutive,
    quantiles: {
      [String(quantiles[0])]: rounded(lower),
      '0.5': rounded(median),
      [String(quantiles.at(-1))]: rounded(upper),
    },
  }
  return Buffer.from(JSON.stringify(record))
}
