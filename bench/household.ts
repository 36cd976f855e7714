import { readObservations } from '../src/adapters/files/observations.js'
import type { OutboundRecord } from '../src/ports/broker.js'

const HOUSEHOLD = new URL('../../test/data/household.csv.gz', import.meta.url).pathname
const START = Date.UTC(2020, 0, 1)
const MINUTE = 60_000

/**
 * Records of many series with real shapes: each series is made of hours of one of household's meters, its steps a
 * minute apart; the series take turns, as in a live topic.
 */
export async function householdRecords(
  topic: string,
  series: number,
  perSeries: number,
): Promise<OutboundRecord[]> {
  const meters = new Map<string, number[]>()
  for await (const rows of readObservations(HOUSEHOLD)) {
    for (const { series: meter, value } of rows) {
      const values = meters.get(meter)
      if (values === undefined) meters.set(meter, [value ?? 0])
      else values.push(value ?? 0)
    }
  }
  const columns = [...meters.values()]
  const records: OutboundRecord[] = []
  for (let t = 0; t < perSeries; t++) {
    const ts = START + t * MINUTE
    for (let s = 0; s < series; s++) {
      const column = columns[s % columns.length]!
      const hour = Math.floor(s / columns.length)
      const value = column[(hour * 60 + t) % column.length]!
      records.push({
        topic,
        partition: 0,
        timestamp: ts,
        key: Buffer.from(`meter-${String(s)}`),
        value: Buffer.from(`{"ts":${String(ts)},"value":${String(value)}}`),
      })
    }
  }
  return records
}
