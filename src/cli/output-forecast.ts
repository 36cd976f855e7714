import type { Broker } from '../ports/broker.js'

/** How far back in the output topic a forecast is looked for. */
const TAIL = 50_000

/**
 * The newest forecast of a series among the last records of the output topic: after a restart, before new ones come.
 * @param origin ms; only the forecast made at this time stamp
 */
export async function forecastFromOutput(
  broker: Broker,
  output: string,
  series: string,
  origin?: number,
): Promise<string | null> {
  const key = Buffer.from(series)
  const partitions = (await broker.describe(output)) ?? []
  let found: Uint8Array | null = null
  let newest = -Infinity
  for (const [partition, { end }] of partitions.entries()) {
    for await (const records of broker.read(output, partition, { fromOffset: Math.max(0, end - TAIL) })) {
      for (const record of records) {
        if (record.key === null || record.value === null || !key.equals(record.key)) continue
        if (record.timestamp < newest || (origin !== undefined && originOf(record.value) !== origin)) continue
        newest = record.timestamp
        found = record.value
      }
    }
  }
  return found === null ? null : Buffer.from(found).toString()
}

function originOf(value: Uint8Array): number {
  return Date.parse((JSON.parse(Buffer.from(value).toString()) as { origin: string }).origin)
}
