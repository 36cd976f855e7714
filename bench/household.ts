import { readObservations } from '../src/adapters/files/observations.js'
import type { OutboundRecord } from '../src/ports/broker.js'

const HOUSEHOLD = new URL('../../test/data/household.csv.gz', import.meta.url).pathname
const START = Date.UTC(2020, 0, 1)
const MINUTE = 60_000

/** Many series with real shapes: each is made of hours of one of household's meters, its steps a minute apart. */
export class Household {
  private constructor(private readonly meters: readonly (readonly number[])[]) {}

  static async read(): Promise<Household> {
    const meters = new Map<string, number[]>()
    for await (const rows of readObservations(HOUSEHOLD)) {
      for (const { series: meter, value } of rows) {
        const values = meters.get(meter)
        if (values === undefined) meters.set(meter, [value ?? 0])
        else values.push(value ?? 0)
      }
    }
    return new Household([...meters.values()])
  }

  /** What series number `s` has observed at a step, as its record; the record's time is the observation's. */
  record(topic: string, s: number, step: number): OutboundRecord & { readonly key: Buffer } {
    const ts = START + step * MINUTE
    const column = this.meters[s % this.meters.length]!
    const hour = Math.floor(s / this.meters.length)
    const value = column[(hour * 60 + step) % column.length]!
    return {
      topic,
      timestamp: ts,
      key: Buffer.from(`meter-${String(s)}`),
      value: Buffer.from(`{"ts":${String(ts)},"value":${String(value)}}`),
    }
  }

  /** Steps [from, to) of so many series, which take turns, as in a live topic. */
  records(topic: string, series: number, from: number, to: number): OutboundRecord[] {
    return Array.from({ length: (to - from) * series }, (_, i) =>
      this.record(topic, i % series, from + Math.floor(i / series)),
    )
  }
}
